/* Modes and levels of the pins. The servos' interrupt writes to the same ports: every change is atomic. */
#include <avr/io.h>
#include <util/atomic.h>

#include "pins.h"

static uint8_t modes[PINS];

/* PINx; DDRx and PORTx are the next two registers (datasheet section 30). */
static volatile uint8_t *registers_of(uint8_t pin) {
    if (pin < 8) return &PIND;
    return pin < PIN_ANALOG_FIRST ? &PINB : &PINC;
}

static uint8_t mask_of(uint8_t pin) {
    if (pin >= PIN_ANALOG_FIRST) pin = (uint8_t)(pin - PIN_ANALOG_FIRST);
    return (uint8_t)(1 << (pin & 7));
}

static void assign(volatile uint8_t *target, uint8_t mask, bool set) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        if (set) *target |= mask;
        else *target &= (uint8_t)~mask;
    }
}

bool pin_can(uint8_t pin, uint8_t mode) {
    if (pin < PIN_SERVO_FIRST || pin >= PINS) return false;
    switch (mode) {
    case MODE_INPUT:
    case MODE_OUTPUT:
    case MODE_PULLUP: return true;
    case MODE_ANALOG: return pin >= PIN_ANALOG_FIRST;
    case MODE_PWM: return pwm_has(pin);
    case MODE_SERVO: return pin < PIN_ANALOG_FIRST;
    case MODE_I2C: return pin >= PIN_BUS_FIRST;
    default: return false;
    }
}

uint8_t pin_mode(uint8_t pin) { return modes[pin]; }

void pin_write(uint8_t pin, bool high) { assign(registers_of(pin) + 2, mask_of(pin), high); }

bool pin_read(uint8_t pin) { return *registers_of(pin) & mask_of(pin); }

void pin_set_mode(uint8_t pin, uint8_t mode) {
    if (modes[pin] == MODE_PWM) pwm_stop(pin);
    if (modes[pin] == MODE_SERVO) servo_pulse(pin, 0);
    if (modes[pin] == MODE_I2C) bus_stop();
    modes[pin] = mode;
    pin_write(pin, mode == MODE_PULLUP || mode == MODE_I2C);
    assign(registers_of(pin) + 1, mask_of(pin), mode == MODE_OUTPUT || mode == MODE_PWM || mode == MODE_SERVO);
}
