/*
 * Weather station: a BME280 on the two-wire bus and an anemometer on ADC 0.
 *
 * | channel | kind        | unit | mantissa         | from                               |
 * |---------|-------------|------|------------------|------------------------------------|
 * | 0       | temperature | Cel  | 0.01 degrees     | BME280                             |
 * | 1       | pressure    | Pa   | 1 Pa             | BME280                             |
 * | 2       | humidity    | %RH  | 0.01 %RH         | BME280 (a BMP280 has none)         |
 * | 3       | wind-speed  | m/s  | 0.1 m/s          | 0.4 V = calm ... 2.0 V = 32.4 m/s  |
 */
#include <avr/io.h>
#include <stddef.h>

#include "avr.h"
#include "flash.h"
#include "link.h"
#include "meter.h"
#include "port.h"

enum { TEMPERATURE, PRESSURE, HUMIDITY, WIND, CHANNELS };
#define BME280_CHANNELS (_BV(TEMPERATURE) | _BV(PRESSURE) | _BV(HUMIDITY))
#define ALL_CHANNELS (BME280_CHANNELS | _BV(WIND))

#define PERIOD_MS 1000
#define CONVERSION_MS 8          /* typical, datasheet section 9.1: no use in asking earlier */
#define CONVERSION_MS_MAX 20     /* twice the longest: then the sensor is given up for this time */
#define BME280_START_MS 2        /* from power to the first answer, datasheet table 1 */
#define ANEMOMETER_INPUT 0
#define ANEMOMETER_ABSENT 41     /* under 0.2 V: half of what a calm anemometer gives */

static const board_facts FACTS FLASH = {
    "weather-station",
    "1.0.0",
    {
        {"temperature", "temperature", "Cel", -2, SENSOR},
        {"pressure", "pressure", "Pa", 0, SENSOR},
        {"humidity", "humidity", "%RH", -2, SENSOR},
        {"wind", "wind-speed", "m/s", -1, SENSOR},
    },
};
static channel channels[CHANNELS] = {
    {PERIOD_MS, 0, 0, true}, {PERIOD_MS, 0, 0, true}, {PERIOD_MS, 0, 0, true}, {PERIOD_MS, 0, 0, true},
};
static board station = {&FACTS, channels, CHANNELS, 0, {0}};
static link line;
static meter credit;
static bme280 sensor;
static enum { SENSOR_UNKNOWN, SENSOR_READY, SENSOR_LOST } sensor_state;

static struct {
    uint8_t wanted; /* a set of channels; 0: nothing is being measured */
    bool converting;
    uint32_t began_ms;
} measurement;

/* (V - 0.4 V) * 32.4 m/s / 1.6 V with V = raw * 5 V / 1024, in tenths, rounded. */
static int32_t wind_deci_m_s(uint16_t raw) {
    const int32_t above = 25 * (int32_t)raw - 2048;
    return above <= 0 ? 0 : (above * 81 + 1024) / 2048;
}

/* Every failure in a row counts once. */
static void lose_sensor(fault fault) {
    if (sensor_state != SENSOR_LOST) link_fault(&line, fault);
    sensor_state = SENSOR_LOST;
}

static void begin(uint8_t wanted) {
    measurement.wanted = wanted;
    measurement.began_ms = port_now_ms();
    measurement.converting = false;
    if (wanted & BME280_CHANNELS) {
        const bool found = sensor_state == SENSOR_READY || bme280_init(&sensor, &twi_bus) == BME280_OK;
        measurement.converting = found && bme280_start(&sensor) == BME280_OK;
        if (measurement.converting) sensor_state = SENSOR_READY;
        else lose_sensor(FAULT_SENSOR_MISSING);
    }
    /* After the start of the conversion, so that both are of the same moment. */
    if (wanted & _BV(WIND)) adc_start(ANEMOMETER_INPUT);
}

/* True once there is an answer, or none to wait for; then `values->measured` says what there is. */
static bool conversion_done(bme280_values *values) {
    if (!measurement.converting) return true;
    const uint32_t elapsed_ms = port_now_ms() - measurement.began_ms;
    if (elapsed_ms < CONVERSION_MS) return false;
    const bme280_status status = bme280_read(&sensor, values);
    if (status == BME280_OK) return true;
    if (status == BME280_MEASURING && elapsed_ms < CONVERSION_MS_MAX) return false;
    lose_sensor(FAULT_SENSOR_SILENT);
    return true;
}

/* One channel's outcome; true when it appeared or vanished, which the host must learn. */
static bool deliver(uint8_t number, bool measured, int32_t mantissa) {
    if (!(measurement.wanted & _BV(number))) return false;
    const bool changed = channels[number].present != measured;
    channels[number].present = measured;
    if (changed && !measured) link_fault(&line, FAULT_NOT_MEASURED);
    if (measured && line.greeted) link_reading(&line, number, mantissa);
    return changed;
}

/* Ends the measurement when it is done. True once it is and the channels are not what they were. */
static bool finish(void) {
    bme280_values values = {0, 0, 0, 0};
    uint16_t raw = 0;
    if ((measurement.wanted & _BV(WIND)) && !adc_read(&raw)) return false;
    if (!conversion_done(&values)) return false;
    bool changed = deliver(TEMPERATURE, values.measured & BME280_TEMPERATURE, values.temperature_centi_c);
    changed |= deliver(PRESSURE, values.measured & BME280_PRESSURE, values.pressure_pa);
    changed |= deliver(HUMIDITY, values.measured & BME280_HUMIDITY, values.humidity_centi_rh);
    changed |= deliver(WIND, raw >= ANEMOMETER_ABSENT, wind_deci_m_s(raw));
    measurement.wanted = 0;
    return changed;
}

static uint8_t due_channels(void) {
    uint8_t due = 0;
    for (uint8_t i = 0; i < CHANNELS; i++) {
        if (link_due(&line, i)) due = (uint8_t)(due | _BV(i));
    }
    return due;
}

int main(void) {
    chip_init();
    twi_init();
    adc_init();
    link_init(&line, &station, NULL);
    meter_init(&credit, &line);
    if (chip_reset_by_watchdog()) link_fault(&line, FAULT_WATCHDOG);
    while (port_now_ms() < BME280_START_MS) chip_idle();
    /* What is there? Channels that give nothing leave the identity before anyone hears it. */
    for (begin(ALL_CHANNELS); measurement.wanted != 0; finish()) chip_idle();
    link_announce(&line);
    for (;;) {
        link_poll(&line);
        if (measurement.wanted == 0) {
            const uint8_t due = due_channels();
            if (due) begin(due);
        }
        bool more = meter_poll(&credit);
        if (measurement.wanted != 0) {
            if (finish()) link_announce(&line);
            more |= measurement.wanted == 0; /* the next one may be due */
        }
        if (more) chip_feed();
        else chip_idle();
    }
}
