/* Vectors of a Cortex-M0, and what stands before main. */
#include <string.h>

#include "microbit.h"

extern uint32_t data_start[], data_end[], data_source[], bss_start[], bss_end[], stack_top[];
int main(void);

void reset(void) {
    memcpy(data_start, data_source, (size_t)((uint8_t *)data_end - (uint8_t *)data_start));
    memset(bss_start, 0, (size_t)((uint8_t *)bss_end - (uint8_t *)bss_start));
    main();
    for (;;) {}
}

/* The watchdog restarts a chip that comes here. */
static void fault_handler(void) {
    for (;;) {}
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector VECTORS[16 + TIMER_IRQ + 1] = {
    (vector)(uintptr_t)stack_top,
    reset,
    fault_handler, /* NMI */
    fault_handler, /* hard fault */
    [16 + UART_IRQ] = uart_interrupt,
    [16 + TIMER_IRQ] = timer_interrupt,
};
