/*
 * A hash chain given away from its anchor upwards by whoever remembers a few of its links: 10 checkpoints for
 * 1,024 links, 4 hashes on average and 9 at most from one link to the next (M. Jakobsson, "Fractal hash
 * sequence representation and traversal", 2002).
 *
 * Checkpoints lie at 2, 4, 8 ... of the chain. One that has been passed begins again above, in the place of
 * another one, and comes down by two links a round, to be where it is needed just in time.
 */
#ifndef TB_PEBBLES_H
#define TB_PEBBLES_H

#include <stdbool.h>
#include <stdint.h>

#include "tick.h"

#define PEBBLES_MAX 10 /* log2(CHAIN_TICKS_MAX) */

typedef struct {
    uint16_t at;   /* which link `x` is; above the chain's end every one is the last */
    uint16_t goal; /* where it stops; 0: nowhere, it is no longer needed */
    uint8_t x[LINK_BYTES];
} pebble;

typedef struct {
    uint16_t ticks;
    uint16_t index; /* of x */
    uint8_t x[LINK_BYTES];
    uint8_t count;
    uint8_t moving; /* the pebble whose turn it is in this round */
    uint8_t moved;  /* links that it has come down in this round */
    pebble pebbles[PEBBLES_MAX];
} pebbles;

/* `last` is x[ticks]; ticks from 1 to CHAIN_TICKS_MAX. */
void pebbles_begin(pebbles *pebbles, uint16_t ticks, const uint8_t last[LINK_BYTES]);
/* One hash towards the anchor; true once x is the anchor. */
bool pebbles_build(pebbles *pebbles, const chain_id *chain);
/* One hash at most towards x[index], not below the one before and at most ticks; true once x is it. */
bool pebbles_advance(pebbles *pebbles, const chain_id *chain, uint16_t index);
/* One hash at most of what the next link will need; false when nothing is left to do ahead. */
bool pebbles_prepare(pebbles *pebbles, const chain_id *chain);

#endif
