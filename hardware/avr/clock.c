/* Timer 0 counts milliseconds: 16 MHz / 64 / 250, exact. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "avr.h"
#include "port.h"

static volatile uint32_t now_ms;

void clock_init(void) {
    TCCR0A = _BV(WGM01); /* clear on compare match */
    OCR0A = F_CPU / 64 / 1000 - 1;
    TIMSK0 = _BV(OCIE0A);
    TCCR0B = _BV(CS01) | _BV(CS00); /* / 64 */
}

ISR(TIMER0_COMPA_vect) { now_ms++; }

uint32_t port_now_ms(void) {
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = now_ms; }
    return now;
}
