#include "tick.h"

#include <string.h>

#include "big-endian.h"
#include "sha256.h"

/*
 * | 0    | 1..32   | 33..36    | 37..38  | 39..54 | 55   | 56..61 | 62..63         |
 * | 0x54 | channel | seq u32be | i u16be | x[i]   | 0x80 | 0      | 440 bits u16be |
 */
enum { DOMAIN_TICK = 0x54, SEQ_AT = 33, INDEX_AT = 37, LINK_AT = 39, END_AT = 55, LENGTH_AT = 62 };

void tick_step_back(const chain_id *chain, uint16_t index, uint8_t x[LINK_BYTES]) {
    uint8_t block[SHA256_BLOCK_BYTES];
    uint32_t state[8];
    memset(block, 0, sizeof block);
    block[0] = DOMAIN_TICK;
    memcpy(block + 1, chain->channel, CHANNEL_BYTES);
    put_u32(block + SEQ_AT, chain->seq);
    put_u16(block + INDEX_AT, index);
    memcpy(block + LINK_AT, x, LINK_BYTES);
    block[END_AT] = 0x80;
    put_u16(block + LENGTH_AT, END_AT * 8);
    sha256_init(state);
    sha256_block(state, block);
    sha256_bytes(state, x, LINK_BYTES);
}
