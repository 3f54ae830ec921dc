/*
 * SHA-256 (FIPS 180-4), one block at a time: whoever must not keep a watchdog waiting hashes a block per turn
 * of its main loop. An ATmega328P takes 28,000 cycles for one.
 */
#ifndef TB_SHA256_H
#define TB_SHA256_H

#include <stdint.h>

#define SHA256_BLOCK_BYTES 64
#define SHA256_BYTES 32

void sha256_init(uint32_t state[8]);
/* `block` is worked in: afterwards it holds nothing of use. */
void sha256_block(uint32_t state[8], uint8_t block[SHA256_BLOCK_BYTES]);
/* The first `length` bytes of the digest: whole words of it, at most SHA256_BYTES. */
void sha256_bytes(const uint32_t state[8], uint8_t *bytes, uint8_t length);

#endif
