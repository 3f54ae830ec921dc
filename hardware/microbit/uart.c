/* The UART that the micro:bit's USB chip is connected to, 8N1 at 115,200 baud, a ring buffer each way. */
#include "microbit.h"
#include "port.h"

#define PIN_TX 24
#define PIN_RX 25
#define BAUD_115200 0x01d7e000u
#define ENABLED 4

/* Indices are bytes and wrap by themselves. */
static volatile uint8_t receive_ring[256], send_ring[256];
static volatile uint8_t receive_head, receive_tail, send_head, send_tail;
static volatile uint16_t overruns;
static volatile bool sending;

void uart_init(void) {
    GPIO_OUTSET = 1u << PIN_TX;
    GPIO_DIRSET = 1u << PIN_TX;
    UART_PSELTXD = PIN_TX;
    UART_PSELRXD = PIN_RX;
    UART_BAUDRATE = BAUD_115200;
    UART_ENABLE = ENABLED;
    UART_INTENSET = UART_INT_RXDRDY | UART_INT_TXDRDY;
    NVIC_ENABLE = 1u << UART_IRQ;
    UART_STARTTX = 1;
    UART_STARTRX = 1;
}

static void lose_byte(void) {
    if (overruns < UINT16_MAX) overruns++;
}

static void receive(void) {
    UART_RXDRDY = 0; /* before RXD: the next byte may follow at once */
    const uint8_t byte = (uint8_t)UART_RXD;
    const uint8_t next = (uint8_t)(receive_head + 1);
    if (next == receive_tail) {
        lose_byte();
    } else {
        receive_ring[receive_head] = byte;
        receive_head = next;
    }
}

static void send_next(void) {
    sending = send_head != send_tail;
    if (sending) UART_TXD = send_ring[send_tail++];
}

void uart_interrupt(void) {
    if (UART_RXDRDY) receive();
    if (UART_ERRORSRC & UART_ERROR_OVERRUN) {
        UART_ERRORSRC = UART_ERROR_OVERRUN; /* ones clear */
        lose_byte();
    }
    if (UART_TXDRDY) {
        UART_TXDRDY = 0;
        send_next();
    }
}

bool uart_pending(void) { return receive_head != receive_tail; }

bool port_take(uint8_t *byte) {
    if (!uart_pending()) return false;
    *byte = receive_ring[receive_tail];
    receive_tail++;
    return true;
}

uint16_t port_room(void) { return (uint8_t)(send_tail - send_head - 1); }

void port_put(uint16_t offset, uint8_t byte) { send_ring[(uint8_t)(send_head + offset)] = byte; }

void port_commit(uint16_t length) {
    __asm__ volatile("cpsid i" ::: "memory");
    send_head = (uint8_t)(send_head + length);
    if (!sending) send_next();
    __asm__ volatile("cpsie i" ::: "memory");
}

uint16_t port_overruns(void) { return overruns; }
