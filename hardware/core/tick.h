/* Links of a hash chain (schemas/tick.ts): x[i-1] = SHA-256(0x54 | channel | seq u32be | i u16be | x[i])[0..16]. */
#ifndef TB_TICK_H
#define TB_TICK_H

#include <stdint.h>

#define CHAIN_TICKS_MAX 1024
#define CHANNEL_BYTES 32
#define LINK_BYTES 16

/* Which chain: of a payment channel, opened by its voucher `seq`. */
typedef struct {
    uint8_t channel[CHANNEL_BYTES];
    uint32_t seq;
} chain_id;

/* x[index] becomes x[index - 1]: one block. */
void tick_step_back(const chain_id *chain, uint16_t index, uint8_t x[LINK_BYTES]);

#endif
