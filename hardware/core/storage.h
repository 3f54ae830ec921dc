/*
 * What a board keeps over resets, and the one writer of it: a byte per turn of the main loop.
 *
 * | address | bytes   | what                                                                         |
 * |---------|---------|------------------------------------------------------------------------------|
 * | 0       | 8       | serial number, ff where never written                                        |
 * | 8       | 36      | the meter's key, sealed                                                      |
 * | 44      | 36      | the payer's secret, sealed                                                   |
 * | 80      | 2 * 68  | installations of the meter, sealed; the older one is written over (meter.c)  |
 * | 216     | 40      | the payer's counter (payer.c)                                                |
 * | 256     | 128 * 6 | ring of the meter's records (meter.c)                                        |
 *
 * Sealed: followed by its CRC-32, big-endian, written last. What a power cut left half written has no seal and
 * counts as never written; so has an erased memory.
 */
#ifndef TB_STORAGE_H
#define TB_STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#define STORAGE_BYTES 1024
#define STORAGE_SEAL_BYTES 4
#define STORAGE_KEY_BYTES 32

enum {
    STORAGE_SERIAL = 0,
    STORAGE_METER_KEY = 8,
    STORAGE_PAYER_SECRET = 44,
    STORAGE_INSTALLATIONS = 80,
    STORAGE_PAYER_COUNTER = 216,
    STORAGE_RING = 256
};

/* Puts the seal behind `length` bytes, where there must be room for it. */
void storage_seal(uint8_t *bytes, uint8_t length);

/* Nothing is being written: then it may be read, and written again. */
bool storage_idle(void);
void storage_read(uint16_t address, uint8_t *bytes, uint8_t length);
/* False where there is no seal behind them. */
bool storage_read_sealed(uint16_t address, uint8_t *bytes, uint8_t length);
/* Begins a write, in the order of the bytes, which must stay until it is idle. False while another one runs. */
bool storage_write(uint16_t address, const uint8_t *bytes, uint8_t length);
/* Goes on with the write. Called once per turn of the main loop. */
void storage_poll(void);
/* Once, before anything is read: nothing is being written. */
void storage_init(void);

#endif
