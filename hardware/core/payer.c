#include "payer.h"

#include <stddef.h>
#include <string.h>

#include "big-endian.h"

enum { COUNTER_PLACES = 5, RECORD_BYTES = COUNTER_BYTES + STORAGE_SEAL_BYTES };

/*
 * x[ticks] = HMAC-SHA-256(secret, 0x58 | channel 32 | seq u32be | counter u32be)[0..16]
 *
 * | 0    | 1..32   | 33..36    | 37..40        |
 * | 0x58 | channel | seq u32be | counter u32be |
 */
enum { DOMAIN_PAYER = 0x58, SEQ_AT = 33, COUNTER_AT = 37, MESSAGE_BYTES = 41 };

static uint16_t place_of(uint32_t counter) {
    return (uint16_t)(STORAGE_PAYER_COUNTER + counter % COUNTER_PLACES * RECORD_BYTES);
}

/* False where no counter was ever stored there, or a power cut spoiled it. */
static bool read_counter(uint16_t place, uint32_t *counter) {
    uint8_t bytes[COUNTER_BYTES];
    if (!storage_read_sealed(place, bytes, sizeof bytes)) return false;
    *counter = ~get_u32(bytes);
    return true;
}

static uint32_t newest_counter(void) {
    uint32_t newest = 0;
    for (uint8_t i = 0; i < COUNTER_PLACES; i++) {
        uint32_t counter;
        if (read_counter(place_of(i), &counter) && counter > newest) newest = counter;
    }
    return newest;
}

static bool same_request(const payer *payer, uint32_t id, const chain_id *chain, uint16_t ticks) {
    return payer->state != PAYER_NO_CHAIN && payer->id == id && payer->ticks == ticks &&
           memcmp(&payer->chain, chain, sizeof *chain) == 0;
}

static ack_code make_chain(payer *payer, uint32_t id, const chain_id *chain, uint32_t ticks) {
    if (!(payer->board->roles & ROLE_PAYER_SECRET)) return ACK_NOT_AUTHORISED;
    if (ticks == 0 || ticks > CHAIN_TICKS_MAX) return ACK_OUT_OF_RANGE;
    if (same_request(payer, id, chain, (uint16_t)ticks)) {
        payer->owes_anchor = true;
        return ACK_DONE;
    }
    if (payer->state != PAYER_NO_CHAIN && payer->state != PAYER_HAS_CHAIN) return ACK_BUSY;
    if (payer->counter == UINT32_MAX) return ACK_NOT_AUTHORISED; /* every number of this secret is used */
    payer->state = PAYER_COUNTS;
    payer->chain = *chain;
    payer->id = id;
    payer->ticks = (uint16_t)ticks;
    payer->released = 0;
    payer->owes_anchor = true;
    payer->owes_tick = false;
    return ACK_DONE;
}

static ack_code release(payer *payer, uint32_t index) {
    if (payer->state == PAYER_NO_CHAIN) return ACK_NO_CHAIN;
    if (payer->state != PAYER_HAS_CHAIN) return ACK_BUSY;
    if (index == 0) return ACK_OUT_OF_RANGE;
    if (index > payer->ticks) return ACK_BEYOND_CHAIN;
    if (index < payer->released) return ACK_STALE;
    payer->released = (uint16_t)index;
    payer->owes_tick = true;
    return ACK_DONE;
}

static bool answer(void *self, message_kind kind, uint8_t items, cbor_reader *reader) {
    payer *const payer = self;
    const uint32_t id = cbor_take_uint(reader);
    if (kind == MESSAGE_CHAIN && items == 5) {
        const uint8_t *channel = cbor_take_bytes(reader, CHANNEL_BYTES);
        chain_id chain;
        chain.seq = cbor_take_uint(reader);
        const uint32_t ticks = cbor_take_uint(reader);
        if (!cbor_done(reader)) return false;
        memcpy(chain.channel, channel, CHANNEL_BYTES);
        message_ack(id, make_chain(payer, id, &chain, ticks));
        return true;
    }
    if (kind == MESSAGE_RELEASE && items == 3) {
        const uint32_t index = cbor_take_uint(reader);
        if (!cbor_done(reader)) return false;
        const ack_code code = release(payer, index);
        if (code != ACK_DONE) message_ack(id, code); /* else the tick is the answer */
        return true;
    }
    return false;
}

static void store_counter(payer *payer) {
    put_u32(payer->record, ~(payer->counter + 1));
    storage_seal(payer->record, COUNTER_BYTES);
    if (!storage_write(place_of(payer->counter + 1), payer->record, RECORD_BYTES)) return;
    payer->counter++;
    payer->state = PAYER_STORES;
}

/* What is not read back as it was written is not used: the next number gets another place. */
static void check_counter(payer *payer) {
    uint32_t stored;
    if (!storage_idle()) return;
    const bool durable = read_counter(place_of(payer->counter), &stored) && stored == payer->counter;
    payer->state = durable ? PAYER_DERIVES : PAYER_NO_CHAIN;
    hmac_begin(&payer->mac);
}

static bool derive(payer *payer) {
    uint8_t secret[STORAGE_KEY_BYTES], message[MESSAGE_BYTES], last[LINK_BYTES];
    if (!storage_idle()) return false;
    storage_read(STORAGE_PAYER_SECRET, secret, sizeof secret);
    message[0] = DOMAIN_PAYER;
    memcpy(message + 1, payer->chain.channel, CHANNEL_BYTES);
    put_u32(message + SEQ_AT, payer->chain.seq);
    put_u32(message + COUNTER_AT, payer->counter);
    if (!hmac_step(&payer->mac, secret, message, sizeof message)) return true;
    sha256_bytes(payer->mac.state, last, sizeof last);
    pebbles_begin(&payer->pebbles, payer->ticks, last);
    payer->state = PAYER_BUILDS;
    return true;
}

static bool build(payer *payer) {
    if (!pebbles_build(&payer->pebbles, &payer->chain)) return true;
    memcpy(payer->anchor, payer->pebbles.x, LINK_BYTES);
    payer->state = PAYER_HAS_CHAIN;
    return true;
}

static void send_anchor(payer *payer) {
    message_begin(4, MESSAGE_CHAINED);
    cbor_put_uint(payer->id);
    cbor_put_uint(payer->counter);
    cbor_put_bytes(payer->anchor, LINK_BYTES);
    payer->owes_anchor = !frame_end();
}

static void send_tick(payer *payer) {
    message_begin(4, MESSAGE_TICK);
    cbor_put_uint(payer->chain.seq & 0xffff);
    cbor_put_uint(payer->released);
    cbor_put_bytes(payer->pebbles.x, LINK_BYTES);
    payer->owes_tick = !frame_end();
}

static bool serve(payer *payer) {
    if (payer->owes_anchor) send_anchor(payer);
    if (!payer->owes_tick) return pebbles_prepare(&payer->pebbles, &payer->chain);
    if (!pebbles_advance(&payer->pebbles, &payer->chain, payer->released)) return true;
    send_tick(payer);
    return false;
}

bool payer_poll(payer *payer) {
    switch (payer->state) {
        case PAYER_COUNTS:
            store_counter(payer);
            return false;
        case PAYER_STORES:
            check_counter(payer);
            return false;
        case PAYER_DERIVES:
            return derive(payer);
        case PAYER_BUILDS:
            return build(payer);
        case PAYER_HAS_CHAIN:
            return serve(payer);
        default:
            return false;
    }
}

void payer_init(payer *payer, link *line) {
    uint8_t secret[STORAGE_KEY_BYTES];
    memset(payer, 0, sizeof *payer);
    payer->role = (link_role){payer, answer, NULL, NULL, NULL};
    payer->board = line->board;
    payer->board->roles |= ROLE_PAYER;
    if (storage_read_sealed(STORAGE_PAYER_SECRET, secret, sizeof secret)) payer->board->roles |= ROLE_PAYER_SECRET;
    payer->counter = newest_counter();
    link_add(line, &payer->role);
}
