#include "hmac.h"

#include <string.h>

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c, END_OF_MESSAGE = 0x80, LENGTH_BYTES = 2 };

static void push_key(hmac *mac, const uint8_t key[HMAC_KEY_BYTES], uint8_t pad) {
    uint8_t block[SHA256_BLOCK_BYTES];
    memset(block, pad, sizeof block);
    for (uint8_t i = 0; i < HMAC_KEY_BYTES; i++) block[i] ^= key[i];
    sha256_init(mac->state);
    sha256_block(mac->state, block);
}

/* Block `number` of what follows the key: `bytes`, the end mark, zeros and the length in bits. True for the last. */
static bool push_message(hmac *mac, const uint8_t *bytes, uint8_t length, uint8_t number) {
    uint8_t block[SHA256_BLOCK_BYTES];
    const uint16_t begin = (uint16_t)(number * SHA256_BLOCK_BYTES);
    for (uint8_t i = 0; i < SHA256_BLOCK_BYTES; i++) {
        const uint16_t at = (uint16_t)(begin + i);
        block[i] = at < length ? bytes[at] : at == length ? END_OF_MESSAGE : 0;
    }
    /* The standard's length has 8 bytes; of ours only two are ever more than 0. */
    const bool last = (uint16_t)(begin + SHA256_BLOCK_BYTES) >= (uint16_t)(length + 1 + 8);
    if (last) {
        const uint16_t bits = (uint16_t)((SHA256_BLOCK_BYTES + length) * 8);
        block[SHA256_BLOCK_BYTES - LENGTH_BYTES] = (uint8_t)(bits >> 8);
        block[SHA256_BLOCK_BYTES - 1] = (uint8_t)bits;
    }
    sha256_block(mac->state, block);
    return last;
}

enum { STEP_INNER_KEY = 0, STEP_MESSAGE = 1, STEP_OUTER_KEY = 0xfe, STEP_OUTER = 0xff };

void hmac_begin(hmac *mac) { mac->step = STEP_INNER_KEY; }

bool hmac_step(hmac *mac, const uint8_t key[HMAC_KEY_BYTES], const uint8_t *message, uint8_t length) {
    switch (mac->step) {
        case STEP_INNER_KEY:
            push_key(mac, key, INNER_PAD);
            mac->step = STEP_MESSAGE;
            return false;
        case STEP_OUTER_KEY:
            sha256_bytes(mac->state, mac->inner, SHA256_BYTES);
            push_key(mac, key, OUTER_PAD);
            mac->step = STEP_OUTER;
            return false;
        case STEP_OUTER:
            return push_message(mac, mac->inner, SHA256_BYTES, 0);
        default: {
            const bool last = push_message(mac, message, length, (uint8_t)(mac->step - STEP_MESSAGE));
            mac->step = last ? STEP_OUTER_KEY : (uint8_t)(mac->step + 1);
            return false;
        }
    }
}
