/* The parts of the micro:bit port. */
#ifndef TB_MICROBIT_H
#define TB_MICROBIT_H

#include <stdbool.h>
#include <stdint.h>

#include "nrf51.h"

void uart_init(void);
void uart_interrupt(void);
bool uart_pending(void);

void timer_interrupt(void);
void flash_log_init(void);

/* Clock, line, storage, watchdog and interrupts on. */
void chip_init(void);
bool chip_reset_by_watchdog(void);
/* Feeds the watchdog. */
void chip_feed(void);
/* Feeds the watchdog and sleeps until the next interrupt, at most one millisecond. */
void chip_idle(void);

#endif
