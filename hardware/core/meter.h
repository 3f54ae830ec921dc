/*
 * Readings on credit (schemas/spec/meter.md): checks installations and ticks by itself, and remembers over
 * resets what was paid. A hash, and a byte of storage, is the most that a turn of the main loop waits for.
 */
#ifndef TB_METER_H
#define TB_METER_H

#include "hmac.h"
#include "link.h"
#include "storage.h"
#include "tick.h"

#define METER_INSTALLATION_BYTES 65 /* what is under the MAC, its domain byte first */
#define METER_MAC_BYTES 16
/* Ticks between two records: what a reset forgets is less. */
#define METER_STRIDE 16
#define METER_RECORD_BYTES 6

typedef struct {
    link_role role;
    link *line;

    /* The installation in force; number 0: none. */
    uint32_t number;
    chain_id chain;
    uint16_t ticks;
    uint16_t window;
    uint32_t base;
    uint8_t slot; /* where it is stored */

    uint32_t delivered;
    uint16_t index; /* of the newest tick that counts */

    /* The link that the next tick must lead to; after a reset the anchor, whatever the index. */
    uint16_t held_index;
    uint8_t held[LINK_BYTES];

    /* A tick that arrived, and the one that is walked back; index 0: none. */
    uint16_t waiting_index;
    uint8_t waiting[LINK_BYTES];
    uint16_t walking_index;
    uint8_t walking[LINK_BYTES];
    uint16_t step; /* x[step] of the walk is: */
    uint8_t x[LINK_BYTES];

    /* What the newest record says: a tick, and how often the board started since without a new one. */
    uint16_t marked;
    uint8_t starts;
    uint8_t starts_now; /* this start included: no credit before both are equal */
    uint8_t record_at;  /* its place in the ring */
    bool recording;
    uint8_t record[METER_RECORD_BYTES];

    /* An installation that is being checked, then stored. */
    enum { INSTALL_NONE, INSTALL_CHECKING, INSTALL_STORING } installing;
    uint32_t install_id;
    uint8_t candidate[METER_INSTALLATION_BYTES + STORAGE_SEAL_BYTES];
    uint8_t mac[METER_MAC_BYTES];
    hmac hmac;

    bool owes_state; /* a host waits for a meter message */
} meter;

/* What the storage says, and a place among the line's roles. Reads all of it: some milliseconds. */
void meter_init(meter *meter, link *line);
/* One turn: a hash at most. True when there is more to hash at once. */
bool meter_poll(meter *meter);
/* Readings that it would let pass now. */
uint32_t meter_room(const meter *meter);

#endif
