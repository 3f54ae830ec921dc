/*
 * HMAC-SHA-256 (RFC 2104) under a key of 32 bytes, a block per call, for a main loop that must come round.
 *
 *     hmac_begin(&mac);
 *     while (!hmac_step(&mac, key, message, length)) ...;     4 calls for up to 55 bytes, 5 for up to 119
 *     sha256_bytes(mac.state, bytes, 16);
 *
 * Key and message are the caller's and the same for every call; between two calls they need not exist.
 */
#ifndef TB_HMAC_H
#define TB_HMAC_H

#include <stdbool.h>
#include <stdint.h>

#include "sha256.h"

#define HMAC_KEY_BYTES 32

typedef struct {
    uint32_t state[8];
    uint8_t inner[SHA256_BYTES];
    uint8_t step;
} hmac;

void hmac_begin(hmac *mac);
/* One block; true when that was the last and `state` is the MAC. */
bool hmac_step(hmac *mac, const uint8_t key[HMAC_KEY_BYTES], const uint8_t *message, uint8_t length);

#endif
