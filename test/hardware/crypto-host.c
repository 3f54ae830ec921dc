/* The chip's cryptography on this machine, asked line by line on standard input; answers a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmac.h"
#include "sha256.h"
#include "tick.h"

#define HEX_MAX 512

static void from_hex(const char *hex, uint8_t *bytes, size_t length) {
    unsigned int byte;
    for (size_t i = 0; i < length; i++) {
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) exit(1);
        bytes[i] = (uint8_t)byte;
    }
}

static void put_hex(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
    putchar('\n');
}

/* Blocks that the asker has padded already. */
static void hash_blocks(const char *hex) {
    uint8_t block[SHA256_BLOCK_BYTES], digest[SHA256_BYTES];
    uint32_t state[8];
    sha256_init(state);
    for (size_t at = 0; at < strlen(hex); at += 2 * sizeof block) {
        from_hex(hex + at, block, sizeof block);
        sha256_block(state, block);
    }
    sha256_bytes(state, digest, sizeof digest);
    put_hex(digest, sizeof digest);
}

/* The digest of 32 bytes, of that digest, and so on. */
static void hash_again(const char *hex, unsigned long times) {
    uint8_t digest[SHA256_BYTES], block[SHA256_BLOCK_BYTES];
    uint32_t state[8];
    from_hex(hex, digest, sizeof digest);
    for (; times > 0; times--) {
        memset(block, 0, sizeof block);
        memcpy(block, digest, sizeof digest);
        block[32] = 0x80;
        block[62] = 1; /* 256 bits */
        sha256_init(state);
        sha256_block(state, block);
        sha256_bytes(state, digest, sizeof digest);
    }
    put_hex(digest, sizeof digest);
}

/* The MAC, and how many blocks it took. Key and message are elsewhere at each step, and gone after it. */
static void authenticate(const char *key_hex, const char *message_hex) {
    const uint8_t length = (uint8_t)(strlen(message_hex) / 2);
    uint8_t digest[SHA256_BYTES];
    hmac mac;
    int steps = 0;
    bool done = false;
    for (hmac_begin(&mac); !done; steps++) {
        uint8_t *key = malloc(HMAC_KEY_BYTES), *message = malloc(length);
        from_hex(key_hex, key, HMAC_KEY_BYTES);
        from_hex(message_hex, message, length);
        done = hmac_step(&mac, key, message, length);
        free(key);
        free(message);
    }
    sha256_bytes(mac.state, digest, sizeof digest);
    printf("%d ", steps);
    put_hex(digest, sizeof digest);
}

static void step_back(const char *channel_hex, unsigned long seq, unsigned long index, const char *link_hex) {
    chain_id chain = {{0}, (uint32_t)seq};
    uint8_t x[LINK_BYTES];
    from_hex(channel_hex, chain.channel, sizeof chain.channel);
    from_hex(link_hex, x, sizeof x);
    tick_step_back(&chain, (uint16_t)index, x);
    put_hex(x, sizeof x);
}

int main(void) {
    static char line[2 * HEX_MAX + 128], first[HEX_MAX * 2 + 1], second[HEX_MAX * 2 + 1];
    unsigned long a, b;
    while (fgets(line, sizeof line, stdin) != NULL) {
        second[0] = 0;
        if (sscanf(line, "hash %s", first) == 1) hash_blocks(first);
        else if (sscanf(line, "again %s %lu", first, &a) == 2) hash_again(first, a);
        else if (sscanf(line, "hmac %s %s", first, second) >= 1) authenticate(first, second);
        else if (sscanf(line, "tick %s %lu %lu %s", first, &a, &b, second) == 4) step_back(first, a, b, second);
        else return 1;
    }
    return 0;
}
