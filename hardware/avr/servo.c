/*
 * Servo pulses by the compare interrupt of timer 1, one pin after the other, then a pause until 20 ms are full.
 * A pulse begins and ends in an interrupt, so both edges are late alike and its width is right.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "pins.h"

#define TICKS_PER_US 2U /* 16 MHz / 8 */
#define FRAME_TICKS (20000U * TICKS_PER_US)
#define PAUSE_TICKS_MIN 100U
/* From the counter being read at the begin to the fall, beyond the wait: 4 us, measured. */
#define EDGE_TICKS 8U
/* Twelve of them are shorter than the counter's 32.7 ms: it never laps itself. */
#define PULSE_US_MAX 2700U

static volatile uint16_t pulse_ticks[SERVOS]; /* 0: none */
static uint8_t running;                       /* how many are not 0 */
static uint8_t current;                       /* its pulse is being sent; SERVOS: the pause */

static void level(uint8_t servo, bool high) {
    const uint8_t pin = (uint8_t)(servo + PIN_SERVO_FIRST);
    volatile uint8_t *port = pin < 8 ? &PORTD : &PORTB;
    const uint8_t mask = (uint8_t)(1 << (pin & 7));
    if (high) *port |= mask;
    else *port &= (uint8_t)~mask;
}

ISR(TIMER1_COMPA_vect) {
    static uint16_t frame_began;
    if (current < SERVOS) {
        level(current, false);
        current++;
    } else {
        current = 0;
        frame_began = TCNT1;
    }
    while (current < SERVOS && pulse_ticks[current] == 0) current++;
    if (current < SERVOS) {
        level(current, true);
        OCR1A = TCNT1 + pulse_ticks[current] - EDGE_TICKS;
    } else {
        const uint16_t passed = TCNT1 - frame_began;
        const bool late = passed > FRAME_TICKS - PAUSE_TICKS_MIN;
        OCR1A = late ? TCNT1 + PAUSE_TICKS_MIN : frame_began + FRAME_TICKS;
    }
}

static void start(void) {
    TCCR1A = 0;
    TCCR1B = _BV(CS11); /* / 8, counts freely */
    current = SERVOS;
    OCR1A = TCNT1 + PAUSE_TICKS_MIN;
    TIFR1 = _BV(OCF1A);
    TIMSK1 = _BV(OCIE1A);
}

static void stop(void) {
    TIMSK1 = 0;
    pwm_take_timer1();
}

void servo_pulse(uint8_t pin, uint16_t width_us) {
    const uint8_t servo = (uint8_t)(pin - PIN_SERVO_FIRST);
    const uint16_t ticks = (uint16_t)((width_us < PULSE_US_MAX ? width_us : PULSE_US_MAX) * TICKS_PER_US);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        const bool ran = pulse_ticks[servo] != 0;
        pulse_ticks[servo] = ticks;
        if (ticks != 0 && !ran && running++ == 0) start();
        if (ticks == 0 && ran && --running == 0) stop();
        if (ticks == 0 && ran) level(servo, false);
    }
}

bool servo_runs(void) { return TIMSK1 & _BV(OCIE1A); }
