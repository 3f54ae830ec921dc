/*
 * Bosch BME280 (temperature, pressure, humidity) and BMP280 (no humidity) in forced mode.
 * Source: BME280 datasheet BST-BME280-DS002 (registers: section 5, compensation: section 4.2.3).
 */
#ifndef TB_BME280_H
#define TB_BME280_H

#include <stdbool.h>
#include <stdint.h>

#define BME280_ADDRESS 0x76 /* SDO to ground; 0x77 with SDO to supply */

/* The bus is the caller's: true when every byte was acknowledged. */
typedef struct {
    bool (*write)(uint8_t address, const uint8_t *bytes, uint8_t length);
    bool (*read)(uint8_t address, uint8_t from_register, uint8_t *bytes, uint8_t length);
} bme280_bus;

typedef struct {
    uint16_t t1;
    int16_t t2, t3;
    uint16_t p1;
    int16_t p2, p3, p4, p5, p6, p7, p8, p9;
    uint8_t h1;
    int16_t h2;
    uint8_t h3;
    int16_t h4, h5;
    int8_t h6;
} bme280_calibration;

typedef struct {
    const bme280_bus *bus;
    bme280_calibration calibration;
    bool has_humidity;
} bme280;

typedef enum {
    BME280_OK = 0,
    BME280_MEASURING = 1,    /* ask again later */
    BME280_BUS_FAILED = -1,  /* not acknowledged: absent or unplugged */
    BME280_OTHER_CHIP = -2   /* something answers, but it is neither a BME280 nor a BMP280 */
} bme280_status;

enum { BME280_TEMPERATURE = 1, BME280_PRESSURE = 2, BME280_HUMIDITY = 4 };

typedef struct {
    uint8_t measured;            /* a set of the bits above */
    int32_t temperature_centi_c; /* -4000 .. 8500 */
    int32_t pressure_pa;         /* 30000 .. 110000 */
    int32_t humidity_centi_rh;   /* 0 .. 10000 */
} bme280_values;

bme280_status bme280_init(bme280 *device, const bme280_bus *bus);
/* Starts one conversion; it takes 8 ms, at most 9.3 ms (datasheet section 9.1, oversampling 1). */
bme280_status bme280_start(const bme280 *device);
bme280_status bme280_read(const bme280 *device, bme280_values *values);

/* The compensation on its own, for whoever holds raw values. Pressure is in Pa / 256, humidity in %RH / 1024. */
int32_t bme280_fine_temperature(const bme280_calibration *calibration, int32_t raw);
int32_t bme280_temperature_centi_c(int32_t fine);
uint32_t bme280_pressure_q8(const bme280_calibration *calibration, int32_t raw, int32_t fine);
uint32_t bme280_humidity_q10(const bme280_calibration *calibration, int32_t raw, int32_t fine);

#endif
