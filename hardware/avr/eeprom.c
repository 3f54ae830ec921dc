/* The EEPROM as the memory that outlives a reset: 1,024 bytes, 3.4 ms a write, 100,000 writes a cell. */
#include <avr/eeprom.h>
#include <util/atomic.h>

#include "port.h"

bool port_storage_ready(void) { return eeprom_is_ready(); }

uint8_t port_storage_read(uint16_t address) {
    EEAR = address;
    EECR |= _BV(EERE);
    return EEDR;
}

/* Erase and write in one, and nobody waits. The second store must follow within 4 cycles (datasheet section 8.6.3). */
void port_storage_write(uint16_t address, uint8_t byte) {
    EEAR = address;
    EEDR = byte;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        EECR = _BV(EEMPE);
        EECR |= _BV(EEPE);
    }
}
