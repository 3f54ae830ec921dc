/*
 * Master on the two-wire bus at 100 kHz, which every device knows. twi.c waits for each byte; here whoever waits
 * does other things, so that a device may hold the clock for as long as it measures: 50 ms of an HTU21D, 85 of an
 * SHT21. The unit's status says what was done, hence what is next (datasheet section 21.7).
 */
#include "transfer.h"

#include <avr/io.h>
#include <util/delay.h>
#include <util/twi.h>

#include "port.h"

#define BUS_HZ 100000UL
#define HALF_BIT_US 5
#define TRANSFER_MS_MAX 150

#define DATA _BV(PORTC4)
#define CLOCK _BV(PORTC5)

two_wire_transfer transfer;

static uint8_t at; /* in transfer.bytes */
static bool reading;
static bool rests;    /* before a start */
static bool occupies; /* there was no stop */
static uint16_t since_ms;

static void act(uint8_t control) { TWCR = (uint8_t)(_BV(TWINT) | _BV(TWEN) | control); }

static void rest(bool to_read) {
    reading = to_read;
    at = 0;
    rests = true;
    since_ms = (uint16_t)port_now_ms();
}

void transfer_begin(void) {
    TWBR = (F_CPU / BUS_HZ - 16) / 2;
    occupies = false;
    rest(transfer.writes == 0 && transfer.reads > 0);
}

void transfer_abort(void) { TWCR = 0; }

/*
 * A device that was left in the middle of a byte holds the data line until it has clocked out the rest: nine at
 * most. The lines are pulled up: driven low, or let go.
 */
static bool lines_are_free(void) {
    for (uint8_t clocks = 0; !(PINC & DATA) && clocks < 9; clocks++) {
        TWCR = 0;
        PORTC &= (uint8_t)~CLOCK;
        DDRC |= CLOCK;
        _delay_us(HALF_BIT_US);
        DDRC &= (uint8_t)~CLOCK;
        PORTC |= CLOCK;
        _delay_us(HALF_BIT_US);
    }
    return (PINC & DATA) && (PINC & CLOCK);
}

static transfer_state end(transfer_state state) {
    act(_BV(TWSTO));
    return state;
}

/* With the status that the last action left. */
static transfer_state advance(void) {
    switch (TW_STATUS) {
    case TW_START:
    case TW_REP_START:
        TWDR = (uint8_t)(transfer.address << 1 | reading);
        act(0);
        break;
    case TW_MT_SLA_ACK:
    case TW_MT_DATA_ACK:
        if (at < transfer.writes) {
            TWDR = transfer.bytes[at++];
            act(0);
            break;
        }
        if (transfer.reads == 0) return end(TRANSFER_DONE);
        occupies = transfer.restart;
        if (!occupies) act(_BV(TWSTO));
        rest(true);
        break;
    case TW_MR_DATA_ACK:
    case TW_MR_DATA_NACK:
        transfer.bytes[at++] = TWDR;
        if (at == transfer.reads) return end(TRANSFER_DONE);
        /* fall through */
    case TW_MR_SLA_ACK: act(at + 1 < transfer.reads ? _BV(TWEA) : 0); break;
    case TW_MT_SLA_NACK:
    case TW_MR_SLA_NACK: return end(TRANSFER_SILENT);
    default: return end(TRANSFER_BROKEN);
    }
    return TRANSFER_RUNS;
}

transfer_state transfer_step(void) {
    const uint16_t passed_ms = (uint16_t)port_now_ms() - since_ms;
    if (passed_ms > TRANSFER_MS_MAX) {
        transfer_abort();
        return TRANSFER_BROKEN;
    }
    if (!rests) return TWCR & _BV(TWINT) ? advance() : TRANSFER_RUNS;
    if (TWCR & _BV(TWSTO) || (reading && passed_ms < transfer.pause_ms)) return TRANSFER_RUNS;
    if (!occupies && !lines_are_free()) return TRANSFER_STUCK;
    rests = false;
    act(_BV(TWSTA));
    return TRANSFER_RUNS;
}
