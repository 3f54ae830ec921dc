/*
 * Fast PWM of 8 bits on the three timers: 16 MHz / 64 / 256. Timer 0 counts the milliseconds as well, in place
 * of clock.c: it overflows every 1,024 us, so 125 overflows are 128 ms.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "avr.h"
#include "pins.h"
#include "port.h"

#define COMPARE_A _BV(COM0A1) /* at the same place in all three timers */
#define COMPARE_B _BV(COM0B1)

typedef struct {
    uint8_t pin, compare;
    volatile uint8_t *control, *duty;
} pwm_output;

static const pwm_output outputs[] = {
    {3, COMPARE_B, &TCCR2A, &OCR2B}, {5, COMPARE_B, &TCCR0A, &OCR0B},  {6, COMPARE_A, &TCCR0A, &OCR0A},
    {9, COMPARE_A, &TCCR1A, &OCR1AL}, {10, COMPARE_B, &TCCR1A, &OCR1BL}, {11, COMPARE_A, &TCCR2A, &OCR2A},
};
#define OUTPUTS (sizeof outputs / sizeof outputs[0])

static volatile uint32_t now_ms;

static const pwm_output *output_of(uint8_t pin) {
    for (const pwm_output *output = outputs; output < outputs + OUTPUTS; output++) {
        if (output->pin == pin) return output;
    }
    return 0;
}

/* Replaces the one in clock.c. */
void clock_init(void) {
    TCCR0A = _BV(WGM01) | _BV(WGM00);
    TCCR0B = _BV(CS01) | _BV(CS00); /* / 64 */
    TIMSK0 = _BV(TOIE0);
}

ISR(TIMER0_OVF_vect) {
    static uint8_t fraction; /* of a millisecond, in 125ths: 24 us are three */
    uint8_t passed_ms = 1;
    fraction = (uint8_t)(fraction + 3);
    if (fraction >= 125) {
        fraction = (uint8_t)(fraction - 125);
        passed_ms = 2;
    }
    now_ms += passed_ms;
}

uint32_t port_now_ms(void) {
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = now_ms; }
    return now;
}

void pwm_init(void) {
    pwm_take_timer1();
    TCCR2A = _BV(WGM21) | _BV(WGM20);
    TCCR2B = _BV(CS22); /* / 64 */
}

void pwm_take_timer1(void) {
    TCCR1A = _BV(WGM10);
    TCCR1B = _BV(WGM12) | _BV(CS11) | _BV(CS10); /* fast, 8 bits, / 64 */
    OCR1AH = 0; /* one register holds the high byte of both outputs until their low byte is written */
}

bool pwm_has(uint8_t pin) { return output_of(pin) != 0; }

/* The narrowest pulse is one count: nothing at all takes the pin from the timer. */
void pwm_write(uint8_t pin, uint8_t duty) {
    const pwm_output *output = output_of(pin);
    const bool borrowed = servo_runs() && output->control == &TCCR1A;
    if (duty == 0 || borrowed) {
        pwm_stop(pin);
        pin_write(pin, duty >= 128);
    } else {
        *output->duty = duty;
        *output->control |= output->compare;
    }
}

void pwm_stop(uint8_t pin) {
    const pwm_output *output = output_of(pin);
    *output->control &= (uint8_t)~output->compare;
}
