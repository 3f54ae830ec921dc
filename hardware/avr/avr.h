/* The parts of the ATmega328P port. Each init is called once, with interrupts off. */
#ifndef TB_AVR_H
#define TB_AVR_H

#include <stdbool.h>
#include <stdint.h>

#include "bme280.h"
#include "message.h"

void clock_init(void);

void uart_init(void);
bool uart_pending(void);

void twi_init(void);
extern const bme280_bus twi_bus;

void adc_init(void);
void adc_start(uint8_t input);
/* True and 0 .. 1023 of AVCC (5 V) once the conversion is done. */
bool adc_read(uint16_t *value);

/* Clock, line, watchdog and interrupts on: the same beginning for every board. */
void chip_init(board *board);
bool chip_reset_by_watchdog(void);
/* Feeds the watchdog and sleeps until the next interrupt, at most one millisecond. */
void chip_idle(void);

#endif
