/*
 * BBC micro:bit: the chip's own thermometer, button A, and an LED.
 *
 * | channel | kind        | unit | mantissa                | from                  |
 * |---------|-------------|------|-------------------------|-----------------------|
 * | 0       | temperature | Cel  | 0.01 degrees            | TEMP, steps of 0.25   |
 * | 1       | button      | /    | 1 pressed, 0 not        | P0.17, low is pressed |
 * | 2       | led         | /    | 1 on, 0 off             | column 1 of row 1     |
 *
 * An emulator without TEMP has no channel 0: what is not there is not announced.
 */
#include <stddef.h>

#include "flash.h"
#include "link.h"
#include "meter.h"
#include "microbit.h"
#include "port.h"

enum { TEMPERATURE, BUTTON, LED, CHANNELS };
#define PIN_BUTTON_A 17
#define PIN_LED_COLUMN 4 /* low side */
#define PIN_LED_ROW 13   /* high side */
#define TEMP_MS_MAX 2    /* a measurement takes 36 us */

static const board_facts FACTS FLASH = {
    "microbit",
    "1.0.0",
    {
        {"temperature", "temperature", "Cel", -2, SENSOR},
        {"button", "button", "/", 0, SENSOR},
        {"led", "led", "/", 0, ACTUATOR},
    },
};
static channel channels[CHANNELS] = {{1000, 0, 0, true}, {1000, 0, 0, true}, {10000, 0, 0, true}};
static board microbit = {&FACTS, channels, CHANNELS, 0, {0}};
static link line;
static meter credit;
static bool led_changed;

static ack_code command(uint8_t number, int32_t value) {
    (void)number; /* link checked it: there is one */
    if (value != 0 && value != 1) return ACK_OUT_OF_RANGE;
    if (value) GPIO_OUTSET = 1u << PIN_LED_ROW;
    else GPIO_OUTCLR = 1u << PIN_LED_ROW;
    led_changed = true; /* the reading follows the acknowledgement */
    return ACK_DONE;
}

/* False where there is no thermometer. */
static bool measure_centi_c(int32_t *centi_c) {
    const uint32_t began_ms = port_now_ms();
    TEMP_DATARDY = 0;
    TEMP_START = 1;
    while (TEMP_DATARDY == 0) {
        if (port_now_ms() - began_ms > TEMP_MS_MAX) return false;
    }
    *centi_c = (int32_t)TEMP_TEMP * 25;
    return true;
}

static void pins_init(void) {
    GPIO_PIN(PIN_BUTTON_A) = GPIO_INPUT_PULLUP;
    GPIO_OUTCLR = 1u << PIN_LED_COLUMN | 1u << PIN_LED_ROW;
    GPIO_DIRSET = 1u << PIN_LED_COLUMN | 1u << PIN_LED_ROW;
}

static void read_due(void) {
    int32_t centi_c;
    if (channels[TEMPERATURE].present && link_due(&line, TEMPERATURE) && measure_centi_c(&centi_c)) {
        link_reading(&line, TEMPERATURE, centi_c);
    }
    if (link_due(&line, BUTTON)) link_reading(&line, BUTTON, (GPIO_IN >> PIN_BUTTON_A & 1u) == 0);
    if (link_due(&line, LED) || led_changed) link_reading(&line, LED, (int32_t)(GPIO_OUT >> PIN_LED_ROW & 1u));
    led_changed = false;
}

int main(void) {
    int32_t centi_c;
    pins_init();
    chip_init();
    link_init(&line, &microbit, command);
    meter_init(&credit, &line);
    if (chip_reset_by_watchdog()) link_fault(&line, FAULT_WATCHDOG);
    channels[TEMPERATURE].present = measure_centi_c(&centi_c);
    link_announce(&line);
    for (;;) {
        link_poll(&line);
        read_due();
        if (meter_poll(&credit)) chip_feed();
        else chip_idle();
    }
}
