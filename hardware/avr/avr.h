/* The parts of the ATmega328P port. Each init is called once, with interrupts off. */
#ifndef TB_AVR_H
#define TB_AVR_H

#include <stdbool.h>
#include <stdint.h>

#include "bme280.h"

void clock_init(void);

void uart_init(void);

void twi_init(void);
extern const bme280_bus twi_bus;

void adc_init(void);
void adc_start(uint8_t input);
/* True and 0 .. 1023 of AVCC (5 V) once the conversion is done. */
bool adc_read(uint16_t *value);

/* Clock, line, watchdog and interrupts on: the same beginning for every board. */
void chip_init(void);
bool chip_reset_by_watchdog(void);
/* Feeds the watchdog: for a turn of the main loop that has more to do at once. */
void chip_feed(void);
/* Feeds the watchdog and sleeps until the next millisecond begins. */
void chip_idle(void);

#endif
