/* Reset, watchdog and sleep of an ATmega328P. */
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "avr.h"
#include "port.h"

static uint8_t reset_cause __attribute__((section(".noinit")));

/* Before main: after its reset the watchdog keeps running at 16 ms, which would reset again. */
void early_init(void) __attribute__((naked, used, section(".init3")));
void early_init(void) {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

void chip_init(void) {
    eeprom_busy_wait(); /* a write outlives the reset that it was caught by, and nothing can be read meanwhile */
    clock_init();
    uart_init();
    wdt_enable(WDTO_1S);
    sei();
}

bool chip_reset_by_watchdog(void) { return reset_cause & _BV(WDRF); }

void chip_feed(void) { wdt_reset(); }

/*
 * A byte of the line wakes it for its interrupt alone: a turn of the main loop per millisecond is soon enough
 * for 64 bytes of receive buffer (5.5 ms), and one per byte would cost more than what is in the frame.
 */
void chip_idle(void) {
    const uint32_t began_ms = port_now_ms();
    chip_feed();
    SMCR = _BV(SE); /* idle mode: the deeper ones stop the UART's clock */
    cli();
    while (port_now_ms() == began_ms) {
        sei(); /* takes effect after the next instruction: no interrupt slips in between */
        sleep_cpu();
        cli();
    }
    sei();
    SMCR = 0;
}
