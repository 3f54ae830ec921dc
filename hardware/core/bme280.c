#include "bme280.h"

enum {
    REGISTER_CALIBRATION_TP = 0x88, /* 0x88 .. 0xA1: T1 .. T3, P1 .. P9, one unused, H1 */
    REGISTER_ID = 0xd0,
    REGISTER_CALIBRATION_H = 0xe1, /* 0xE1 .. 0xE7 */
    REGISTER_CTRL_HUM = 0xf2,      /* takes effect with the next write of ctrl_meas */
    REGISTER_STATUS = 0xf3,
    REGISTER_CTRL_MEAS = 0xf4,
    REGISTER_DATA = 0xf7 /* 0xF7 .. 0xFE: pressure 20 bits, temperature 20 bits, humidity 16 bits */
};

enum {
    ID_BME280 = 0x60,
    ID_BMP280 = 0x58,
    STATUS_MEASURING = 0x08,
    CTRL_HUM_X1 = 0x01,
    CTRL_MEAS_X1_X1_FORCED = 0x25 /* temperature x1, pressure x1, mode 01 */
};

/* What a skipped measurement reads as (datasheet section 5.4.7 to 5.4.9). */
#define RAW20_NOT_MEASURED 0x80000L
#define RAW16_NOT_MEASURED 0x8000L

static uint16_t u16_le(const uint8_t *at) { return (uint16_t)(at[0] | (uint16_t)at[1] << 8); }
static int16_t s16_le(const uint8_t *at) { return (int16_t)u16_le(at); }

static bme280_status read_calibration(bme280 *device) {
    bme280_calibration *to = &device->calibration;
    uint8_t tp[26];
    if (!device->bus->read(BME280_ADDRESS, REGISTER_CALIBRATION_TP, tp, sizeof tp)) return BME280_BUS_FAILED;
    to->t1 = u16_le(tp + 0);
    to->t2 = s16_le(tp + 2);
    to->t3 = s16_le(tp + 4);
    to->p1 = u16_le(tp + 6);
    to->p2 = s16_le(tp + 8);
    to->p3 = s16_le(tp + 10);
    to->p4 = s16_le(tp + 12);
    to->p5 = s16_le(tp + 14);
    to->p6 = s16_le(tp + 16);
    to->p7 = s16_le(tp + 18);
    to->p8 = s16_le(tp + 20);
    to->p9 = s16_le(tp + 22);
    to->h1 = tp[25];
    if (!device->has_humidity) return BME280_OK;
    uint8_t h[7];
    if (!device->bus->read(BME280_ADDRESS, REGISTER_CALIBRATION_H, h, sizeof h)) return BME280_BUS_FAILED;
    to->h2 = s16_le(h + 0);
    to->h3 = h[2];
    /* H4 and H5 are signed 12-bit numbers that share the byte 0xE5. */
    to->h4 = (int16_t)((int8_t)h[3] * 16 + (h[4] & 0x0f));
    to->h5 = (int16_t)((int8_t)h[5] * 16 + (h[4] >> 4));
    to->h6 = (int8_t)h[6];
    return BME280_OK;
}

bme280_status bme280_init(bme280 *device, const bme280_bus *bus) {
    uint8_t id;
    device->bus = bus;
    if (!bus->read(BME280_ADDRESS, REGISTER_ID, &id, 1)) return BME280_BUS_FAILED;
    if (id != ID_BME280 && id != ID_BMP280) return BME280_OTHER_CHIP;
    device->has_humidity = id == ID_BME280;
    return read_calibration(device);
}

bme280_status bme280_start(const bme280 *device) {
    const uint8_t control[4] = {REGISTER_CTRL_HUM, CTRL_HUM_X1, REGISTER_CTRL_MEAS, CTRL_MEAS_X1_X1_FORCED};
    const bool done = device->bus->write(BME280_ADDRESS, control, sizeof control);
    return done ? BME280_OK : BME280_BUS_FAILED;
}

int32_t bme280_fine_temperature(const bme280_calibration *c, int32_t raw) {
    const int32_t t1 = c->t1;
    const int32_t linear = (((raw >> 3) - (t1 << 1)) * (int32_t)c->t2) >> 11;
    const int32_t offset = (raw >> 4) - t1;
    const int32_t square = (((offset * offset) >> 12) * (int32_t)c->t3) >> 14;
    return linear + square;
}

int32_t bme280_temperature_centi_c(int32_t fine) { return (fine * 5 + 128) >> 8; }

uint32_t bme280_pressure_q8(const bme280_calibration *c, int32_t raw, int32_t fine) {
    int64_t var1 = (int64_t)fine - 128000;
    int64_t var2 = var1 * var1 * c->p6;
    var2 += (var1 * c->p5) * 131072;
    var2 += (int64_t)c->p4 * 34359738368;
    var1 = ((var1 * var1 * c->p3) >> 8) + (var1 * c->p2) * 4096;
    var1 = ((140737488355328 + var1) * c->p1) >> 33;
    if (var1 == 0) return 0; /* no calibration: the datasheet's guard against a division by zero */
    int64_t p = 1048576 - raw;
    p = ((p * 2147483648 - var2) * 3125) / var1;
    var1 = (c->p9 * (p >> 13) * (p >> 13)) >> 25;
    var2 = (c->p8 * p) >> 19;
    p = ((p + var1 + var2) >> 8) + (int64_t)c->p7 * 16;
    return (uint32_t)p;
}

uint32_t bme280_humidity_q10(const bme280_calibration *c, int32_t raw, int32_t fine) {
    const int32_t x = fine - 76800;
    const int32_t span = ((raw * 16384) - ((int32_t)c->h4 * 1048576) - (int32_t)c->h5 * x + 16384) >> 15;
    const int32_t slope = (((x * (int32_t)c->h6) >> 10) * (((x * (int32_t)c->h3) >> 11) + 32768)) >> 10;
    const int32_t gain = ((slope + 2097152) * (int32_t)c->h2 + 8192) >> 14;
    int32_t h = span * gain;
    h -= ((((h >> 15) * (h >> 15)) >> 7) * (int32_t)c->h1) >> 4;
    if (h < 0) h = 0;
    if (h > 419430400) h = 419430400; /* 100 %RH */
    return (uint32_t)(h >> 12);
}

static int32_t raw20(const uint8_t *at) {
    return (int32_t)((uint32_t)at[0] << 12 | (uint32_t)at[1] << 4 | (uint32_t)at[2] >> 4);
}

bme280_status bme280_read(const bme280 *device, bme280_values *values) {
    uint8_t status;
    if (!device->bus->read(BME280_ADDRESS, REGISTER_STATUS, &status, 1)) return BME280_BUS_FAILED;
    if (status & STATUS_MEASURING) return BME280_MEASURING;
    uint8_t data[8] = {0, 0, 0, 0, 0, 0, 0x80, 0};
    const uint8_t length = device->has_humidity ? 8 : 6;
    if (!device->bus->read(BME280_ADDRESS, REGISTER_DATA, data, length)) return BME280_BUS_FAILED;
    const int32_t raw_pressure = raw20(data);
    const int32_t raw_temperature = raw20(data + 3);
    const int32_t raw_humidity = (int32_t)((uint32_t)data[6] << 8 | data[7]);
    values->measured = 0;
    if (raw_temperature == RAW20_NOT_MEASURED) return BME280_OK; /* the others need it */
    const int32_t fine = bme280_fine_temperature(&device->calibration, raw_temperature);
    values->measured = BME280_TEMPERATURE;
    values->temperature_centi_c = bme280_temperature_centi_c(fine);
    if (raw_pressure != RAW20_NOT_MEASURED) {
        values->measured |= BME280_PRESSURE;
        values->pressure_pa =
            (int32_t)((bme280_pressure_q8(&device->calibration, raw_pressure, fine) + 128) >> 8);
    }
    if (raw_humidity != RAW16_NOT_MEASURED) {
        values->measured |= BME280_HUMIDITY;
        values->humidity_centi_rh =
            (int32_t)((bme280_humidity_q10(&device->calibration, raw_humidity, fine) * 100 + 512) >> 10);
    }
    return BME280_OK;
}
