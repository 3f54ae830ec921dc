/* Reset, serial number, watchdog and sleep of an ATmega328P. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "avr.h"
#include "port.h"

/* Written once; an erased EEPROM reads as ff ... ff. */
#define SERIAL_NUMBER_AT 0

static uint8_t reset_cause __attribute__((section(".noinit")));

/* Before main: after its reset the watchdog keeps running at 16 ms, which would reset again. */
void early_init(void) __attribute__((naked, used, section(".init3")));
void early_init(void) {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

void chip_init(board *board) {
    for (uint8_t i = 0; i < SERIAL_NUMBER_BYTES; i++) board->serial[i] = port_storage_read(SERIAL_NUMBER_AT + i);
    clock_init();
    uart_init();
    wdt_enable(WDTO_1S);
    sei();
}

bool chip_reset_by_watchdog(void) { return reset_cause & _BV(WDRF); }

void chip_idle(void) {
    wdt_reset();
    cli();
    if (uart_pending()) {
        sei();
        return;
    }
    SMCR = _BV(SE); /* idle mode: the deeper ones stop the UART's clock */
    sei();          /* takes effect after the next instruction: no interrupt slips in between */
    sleep_cpu();
    SMCR = 0;
}
