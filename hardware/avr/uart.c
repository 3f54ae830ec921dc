/* USART0, 8N1 at BAUD, interrupts and a ring buffer each way. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "avr.h"
#include "port.h"

#ifndef BAUD /* build.ts knows the boards that speak at another speed */
#define BAUD 115200
#endif
#define BAUD_TOL 3
#include <util/setbaud.h> /* double speed, UBRR 16: 117,647 baud, 2.1 % off, as every Arduino runs it */

/* Indices are bytes and wrap by themselves: the send ring is 256 long and holds one identity frame. */
#ifndef RECEIVE_BYTES
#define RECEIVE_BYTES 64 /* 5.5 ms of line; the main loop comes by every millisecond */
#endif

static volatile uint8_t receive_ring[RECEIVE_BYTES];
static volatile uint8_t receive_head, receive_tail;
static volatile uint16_t overruns;
static volatile uint8_t send_ring[256];
static volatile uint8_t send_head, send_tail;

void uart_init(void) {
    UBRR0 = UBRR_VALUE;
    UCSR0A = USE_2X ? _BV(U2X0) : 0;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(USART_RX_vect) {
    bool lost = UCSR0A & _BV(DOR0); /* read before UDR0, which clears it */
    const uint8_t byte = UDR0;
    const uint8_t next = (uint8_t)(receive_head + 1) % RECEIVE_BYTES;
    if (next != receive_tail) {
        receive_ring[receive_head] = byte;
        receive_head = next;
    } else {
        lost = true;
    }
    if (lost && overruns < UINT16_MAX) overruns++;
}

ISR(USART_UDRE_vect) {
    if (send_head == send_tail) UCSR0B &= (uint8_t)~_BV(UDRIE0);
    else UDR0 = send_ring[send_tail++];
}

bool port_take(uint8_t *byte) {
    if (receive_head == receive_tail) return false;
    *byte = receive_ring[receive_tail];
    receive_tail = (uint8_t)(receive_tail + 1) % RECEIVE_BYTES;
    return true;
}

uint16_t port_room(void) { return (uint8_t)(send_tail - send_head - 1); }

void port_put(uint16_t offset, uint8_t byte) { send_ring[(uint8_t)(send_head + offset)] = byte; }

void port_commit(uint16_t length) {
    send_head = (uint8_t)(send_head + length);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { UCSR0B |= _BV(UDRIE0); }
}

uint16_t port_overruns(void) {
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = overruns; }
    return count;
}
