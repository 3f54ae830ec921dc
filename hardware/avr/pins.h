/* The twenty pins of an Arduino Uno: 0 .. 7 are port D, 8 .. 13 port B, 14 .. 19 port C (A0 .. A5). */
#ifndef TB_PINS_H
#define TB_PINS_H

#include <stdbool.h>
#include <stdint.h>

#define PINS 20
#define PIN_ANALOG_FIRST 14
#define PIN_SERVO_FIRST 2
#define SERVOS 12 /* pins 2 .. 13 */
#define PIN_BUS_FIRST 18 /* SDA, and SCL at 19 */

/* Numbers of the Firmata protocol. */
enum { MODE_INPUT, MODE_OUTPUT, MODE_ANALOG, MODE_PWM, MODE_SERVO, MODE_I2C = 6, MODE_PULLUP = 0x0b };

/* Pins 0 and 1 are the serial line and can nothing else. */
bool pin_can(uint8_t pin, uint8_t mode);
/* A mode that the pin can; what it did before ends, an output begins low. */
void pin_set_mode(uint8_t pin, uint8_t mode);
uint8_t pin_mode(uint8_t pin);
void pin_write(uint8_t pin, bool high);
bool pin_read(uint8_t pin);

/* Timers 0 to 2 at 976 Hz on pins 3, 5, 6, 9, 10 and 11; timer 0 counts the milliseconds as well. */
void pwm_init(void);
bool pwm_has(uint8_t pin);
/* 0 .. 255. While a servo runs it has timer 1: pins 9 and 10 are then low below 128, else high. */
void pwm_write(uint8_t pin, uint8_t duty);
void pwm_stop(uint8_t pin);
/* Timer 1 as the PWM of pins 9 and 10 wants it: whoever borrowed it gives it back by this. */
void pwm_take_timer1(void);

/* A pulse at least every 20 ms, jitter below 10 us; 0 ends the pulses. Timer 1 is taken at the first. */
void servo_pulse(uint8_t pin, uint16_t width_us);
bool servo_runs(void);

/* Ends what the two-wire bus does, and forgets what it was to do. */
void bus_stop(void);

#endif
