/* Master on the two-wire bus at 400 kHz, polled. Nothing waits longer than TWI_SPINS_MAX. */
#include <avr/io.h>
#include <util/twi.h>

#include "avr.h"

#define TWI_HZ 400000UL
/* About 10 cycles a turn: 1.2 ms, fifty times a byte, for sensors that stretch the clock. */
#define TWI_SPINS_MAX 2000

void twi_init(void) {
    TWSR = 0; /* prescaler 1 */
    TWBR = (F_CPU / TWI_HZ - 16) / 2;
    TWCR = _BV(TWEN);
}

/* One bus action; true when it ended with the status it should have. */
static bool act(uint8_t control, uint8_t wanted) {
    TWCR = (uint8_t)(_BV(TWINT) | _BV(TWEN) | control);
    for (uint16_t spins = 0; spins < TWI_SPINS_MAX; spins++) {
        if (TWCR & _BV(TWINT)) return TW_STATUS == wanted;
    }
    return false;
}

static bool put(uint8_t byte, uint8_t wanted) {
    TWDR = byte;
    return act(0, wanted);
}

/* Where the bus does not take it, the unit is switched off and on, which releases both lines. */
static void stop(void) {
    TWCR = _BV(TWINT) | _BV(TWSTO) | _BV(TWEN);
    for (uint16_t spins = 0; spins < TWI_SPINS_MAX; spins++) {
        if (!(TWCR & _BV(TWSTO))) return;
    }
    TWCR = 0;
    TWCR = _BV(TWEN);
}

static bool begin_write(uint8_t address) {
    return act(_BV(TWSTA), TW_START) && put((uint8_t)(address << 1 | TW_WRITE), TW_MT_SLA_ACK);
}

static bool twi_write(uint8_t address, const uint8_t *bytes, uint8_t length) {
    bool done = begin_write(address);
    for (uint8_t i = 0; done && i < length; i++) done = put(bytes[i], TW_MT_DATA_ACK);
    stop();
    return done;
}

static bool twi_read(uint8_t address, uint8_t from_register, uint8_t *bytes, uint8_t length) {
    bool done = begin_write(address) && put(from_register, TW_MT_DATA_ACK) && act(_BV(TWSTA), TW_REP_START) &&
                put((uint8_t)(address << 1 | TW_READ), TW_MR_SLA_ACK);
    for (uint8_t i = 0; done && i < length; i++) {
        const bool last = i + 1 == length;
        done = last ? act(0, TW_MR_DATA_NACK) : act(_BV(TWEA), TW_MR_DATA_ACK);
        bytes[i] = TWDR;
    }
    stop();
    return done;
}

const bme280_bus twi_bus = {twi_write, twi_read};
