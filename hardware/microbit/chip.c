/* Clock, watchdog, reset and sleep of an nRF51822. */
#include "microbit.h"
#include "port.h"

#define MICROSECONDS 4        /* 16 MHz / 2^4 */
#define BITS_32 3
#define CRYSTAL_SPINS_MAX 100000 /* it starts in 1 ms; without it the UART's clock is 1 % off, which still works */
#define WATCHDOG_TICKS 32767u    /* 1 s of 32,768 Hz */

static volatile uint32_t now_ms;
static bool reset_by_watchdog;

static void clock_init(void) {
    CLOCK_HFCLKSTART = 1;
    for (uint32_t spins = 0; CLOCK_HFCLKSTARTED == 0 && spins < CRYSTAL_SPINS_MAX; spins++) {}
    TIMER_BITMODE = BITS_32;
    TIMER_PRESCALER = MICROSECONDS;
    TIMER_CC0 = 1000;
    TIMER_SHORTS = TIMER_COMPARE0_CLEAR;
    TIMER_INTENSET = TIMER_INT_COMPARE0;
    NVIC_ENABLE = 1u << TIMER_IRQ;
    TIMER_START = 1;
}

void timer_interrupt(void) {
    TIMER_COMPARE0 = 0;
    now_ms++;
}

uint32_t port_now_ms(void) { return now_ms; }

static void watchdog_init(void) {
    reset_by_watchdog = (POWER_RESETREAS & RESETREAS_DOG) != 0;
    POWER_RESETREAS = UINT32_MAX; /* ones clear */
    WDT_CRV = WATCHDOG_TICKS;
    WDT_CONFIG = 1; /* runs while the CPU sleeps */
    WDT_RREN = 1;
    WDT_START = 1;
}

void chip_init(void) {
    clock_init();
    flash_log_init();
    uart_init();
    watchdog_init();
}

bool chip_reset_by_watchdog(void) { return reset_by_watchdog; }

void chip_feed(void) { WDT_RR0 = WDT_RELOAD; }

void chip_idle(void) {
    chip_feed();
    __asm__ volatile("cpsid i" ::: "memory");
    if (!uart_pending()) __asm__ volatile("wfi"); /* a pending interrupt wakes it though none is taken yet */
    __asm__ volatile("cpsie i" ::: "memory");
}
