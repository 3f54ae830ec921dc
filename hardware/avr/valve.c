/*
 * Irrigation valve: an actuator channel on PB0 (pin 8 of an Uno), 1 = open = high. Reports its state after
 * every command and once per period. Closed after every reset: a watered cellar is worse than a dry field.
 * It pays for the readings it waters by: a payer (schemas/spec/meter.md).
 */
#include <avr/io.h>

#include "avr.h"
#include "flash.h"
#include "link.h"
#include "payer.h"
#include "port.h"

enum { VALVE, CHANNELS };
#define PERIOD_MS 10000

static const board_facts FACTS FLASH = {"valve", "1.0.0", {{"valve", "valve", "/", 0, ACTUATOR}}};
static channel channels[CHANNELS] = {{PERIOD_MS, 0, 0, true}};
static board valve = {&FACTS, channels, CHANNELS, 0, {0}};
static link line;
static payer money;
static bool state_changed;

static ack_code command(uint8_t number, int32_t value) {
    (void)number; /* link checked it: there is one */
    if (value != 0 && value != 1) return ACK_OUT_OF_RANGE;
    if (value) PORTB |= _BV(PORTB0);
    else PORTB &= (uint8_t)~_BV(PORTB0);
    state_changed = true; /* the reading follows the acknowledgement */
    return ACK_DONE;
}

int main(void) {
    DDRB = _BV(DDB0);
    chip_init();
    link_init(&line, &valve, command);
    payer_init(&money, &line);
    if (chip_reset_by_watchdog()) link_fault(&line, FAULT_WATCHDOG);
    link_announce(&line);
    for (;;) {
        link_poll(&line);
        if (link_due(&line, VALVE) || state_changed) link_reading(&line, VALVE, (PINB & _BV(PINB0)) ? 1 : 0);
        state_changed = false;
        if (payer_poll(&money)) chip_feed();
        else chip_idle();
    }
}
