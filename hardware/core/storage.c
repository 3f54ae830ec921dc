#include "storage.h"

#include "big-endian.h"
#include "crc32.h"
#include "port.h"

static struct {
    const uint8_t *bytes;
    uint16_t address;
    uint8_t left;
} job;

void storage_init(void) {
    job.left = 0;
    while (!port_storage_ready()) {
        /* a byte that was being written when the board was reset: milliseconds */
    }
}

void storage_seal(uint8_t *bytes, uint8_t length) {
    put_u32(bytes + length, crc32(bytes, length));
}

bool storage_idle(void) { return job.left == 0 && port_storage_ready(); }

void storage_read(uint16_t address, uint8_t *bytes, uint8_t length) {
    for (uint8_t i = 0; i < length; i++) bytes[i] = port_storage_read((uint16_t)(address + i));
}

bool storage_read_sealed(uint16_t address, uint8_t *bytes, uint8_t length) {
    uint8_t sealed[STORAGE_SEAL_BYTES];
    storage_read(address, bytes, length);
    storage_read((uint16_t)(address + length), sealed, STORAGE_SEAL_BYTES);
    return get_u32(sealed) == crc32(bytes, length);
}

bool storage_write(uint16_t address, const uint8_t *bytes, uint8_t length) {
    if (!storage_idle()) return false;
    job.bytes = bytes;
    job.address = address;
    job.left = length;
    return true;
}

void storage_poll(void) {
    /* A byte that is there already costs no time and no wear. */
    while (job.left > 0 && port_storage_ready()) {
        if (port_storage_read(job.address) != *job.bytes) port_storage_write(job.address, *job.bytes);
        job.address++;
        job.bytes++;
        job.left--;
    }
}
