/*
 * A board that pays (schemas/spec/meter.md): makes hash chains from its secret and a counter that never goes
 * back, and releases their ticks in order. After a reset nothing of an old chain can be released: it is gone.
 *
 * EEPROM: STORAGE_PAYER_COUNTER holds five counters; number n is written to place n mod 5, over the oldest, so
 * that a power cut during a write leaves the newest of the others. A place is the complement of n, u32be, sealed:
 * an erased one, ff ff ff ff with ff ff ff ff for its CRC-32, which is right, is then number 0. 100,000 writes a
 * place last for 500,000 chains: at a reading a second and 1,024 ticks a chain 16 years.
 */
#ifndef TB_PAYER_H
#define TB_PAYER_H

#include "hmac.h"
#include "link.h"
#include "pebbles.h"
#include "storage.h"

#define COUNTER_BYTES 4

typedef enum {
    PAYER_NO_CHAIN,
    PAYER_COUNTS,   /* the counter waits for its turn to be written */
    PAYER_STORES,   /* it is being written */
    PAYER_DERIVES,  /* the last link, from the secret */
    PAYER_BUILDS,   /* down to the anchor */
    PAYER_HAS_CHAIN
} payer_state;

typedef struct {
    link_role role;
    board *board;
    payer_state state;
    chain_id chain;
    uint32_t id;       /* of the request that asked for the chain */
    uint32_t counter;  /* the newest that is stored, or is about to be */
    uint16_t ticks;
    uint16_t released; /* the highest index asked for */
    bool owes_anchor;  /* what to send as soon as it is known and the line has room */
    bool owes_tick;
    uint8_t anchor[LINK_BYTES];
    uint8_t record[COUNTER_BYTES + STORAGE_SEAL_BYTES];
    union {
        hmac mac;        /* until the last link is known */
        pebbles pebbles; /* from then on */
    };
} payer;

/* What the storage says, and a place among the line's roles. */
void payer_init(payer *payer, link *line);
/* One turn: a hash at most. True when there is more to hash at once. */
bool payer_poll(payer *payer);

#endif
