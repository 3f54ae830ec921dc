/*
 * The chip's cryptography on the chip, asked over its serial line byte by byte. PB0 is high while it works,
 * which is how whoever counts cycles knows.
 *
 *     'i'                     begins a digest
 *     'b' 64 bytes            a block of it
 *     'd'                     answers its 32 bytes
 *     'h' key 32, n, n bytes  answers n's MAC, 32 bytes; PB0 is high during each block
 *     't' channel 32, seq u32be, index u16be, x 16   answers the link before, 16 bytes
 */
#include <avr/io.h>
#include <stdbool.h>
#include <string.h>

#include "hmac.h"
#include "sha256.h"
#include "tick.h"

static uint8_t take(void) {
    while (!(UCSR0A & _BV(RXC0)));
    return UDR0;
}

static void take_all(uint8_t *bytes, uint8_t length) {
    for (uint8_t i = 0; i < length; i++) bytes[i] = take();
}

static void answer(const uint8_t *bytes, uint8_t length) {
    for (uint8_t i = 0; i < length; i++) {
        while (!(UCSR0A & _BV(UDRE0)));
        UDR0 = bytes[i];
    }
}

static void work_begins(void) { PORTB |= _BV(PORTB0); }
static void work_ends(void) { PORTB &= (uint8_t)~_BV(PORTB0); }

static uint32_t state[8];
static uint8_t bytes[256];

static void authenticate(void) {
    uint8_t key[HMAC_KEY_BYTES];
    take_all(key, sizeof key);
    const uint8_t length = take();
    take_all(bytes, length);
    hmac mac;
    bool done;
    hmac_begin(&mac);
    do {
        work_begins();
        done = hmac_step(&mac, key, bytes, length);
        work_ends();
    } while (!done);
    sha256_bytes(mac.state, bytes, SHA256_BYTES);
    answer(bytes, SHA256_BYTES);
}

static void step_back(void) {
    chain_id chain;
    uint8_t x[LINK_BYTES];
    take_all(chain.channel, sizeof chain.channel);
    chain.seq = 0;
    for (uint8_t i = 0; i < 4; i++) chain.seq = chain.seq << 8 | take();
    const uint8_t high = take();
    const uint16_t index = (uint16_t)(high << 8 | take());
    take_all(x, sizeof x);
    work_begins();
    tick_step_back(&chain, index, x);
    work_ends();
    answer(x, sizeof x);
}

int main(void) {
    DDRB = _BV(DDB0);
    UCSR0A = _BV(U2X0);
    UBRR0 = 16; /* 115,200 baud at 16 MHz */
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0);
    for (;;) {
        switch (take()) {
            case 'i':
                sha256_init(state);
                break;
            case 'b':
                take_all(bytes, SHA256_BLOCK_BYTES);
                work_begins();
                sha256_block(state, bytes);
                work_ends();
                break;
            case 'd':
                sha256_bytes(state, bytes, SHA256_BYTES);
                answer(bytes, SHA256_BYTES);
                break;
            case 'h':
                authenticate();
                break;
            case 't':
                step_back();
                break;
        }
    }
}
