#include <string.h>

#include "big-endian.h"
#include "meter-parts.h"

/*
 * An installation as it is under its MAC (schemas/spec/meter.md), and, from the second byte on, as it is stored:
 *
 * | 0    | 1..4   | 5..36   | 37..40 | 41..56 | 57..58 | 59..62 | 63..64 |
 * | 0x4d | number | channel | seq    | anchor | ticks  | base   | window |   integers big-endian
 */
enum {
    DOMAIN_INSTALLATION = 0x4d,
    NUMBER_AT = 1,
    CHANNEL_AT = 5,
    SEQ_AT = 37,
    ANCHOR_AT = 41,
    TICKS_AT = 57,
    BASE_AT = 59,
    WINDOW_AT = 63
};
#define STORED_BYTES (METER_INSTALLATION_BYTES - 1)
#define SLOT_BYTES (STORED_BYTES + STORAGE_SEAL_BYTES)
#define SLOTS 2

static uint16_t slot_address(uint8_t slot) { return (uint16_t)(STORAGE_INSTALLATIONS + slot * SLOT_BYTES); }

static bool load_slot(meter *meter, uint8_t slot) {
    return storage_read_sealed(slot_address(slot), meter->candidate + NUMBER_AT, STORED_BYTES);
}

/* The candidate is in force, at index 0 and in `slot`. */
static void adopt(meter *meter, uint8_t slot) {
    const uint8_t *bytes = meter->candidate;
    const bool same_channel =
        meter->number != 0 && memcmp(meter->chain.channel, bytes + CHANNEL_AT, CHANNEL_BYTES) == 0;
    meter->number = get_u32(bytes + NUMBER_AT);
    memcpy(meter->chain.channel, bytes + CHANNEL_AT, CHANNEL_BYTES);
    meter->chain.seq = get_u32(bytes + SEQ_AT);
    meter->ticks = get_u16(bytes + TICKS_AT);
    meter->base = get_u32(bytes + BASE_AT);
    meter->window = get_u16(bytes + WINDOW_AT);
    meter->slot = slot;
    if (!same_channel) meter->delivered = meter->base;
    meter->index = meter->held_index = 0;
    memcpy(meter->held, bytes + ANCHOR_AT, LINK_BYTES);
    meter->waiting_index = meter->walking_index = 0;
    meter->marked = 0;
    meter->starts = meter->starts_now = 0;
}

/* Field by field where it goes. The caller asks whether the reader found an installation at all. */
static ack_code take_candidate(meter *meter, cbor_reader *reader) {
    uint8_t *bytes = meter->candidate;
    const uint32_t number = cbor_take_uint(reader);
    const uint8_t *channel = cbor_take_bytes(reader, CHANNEL_BYTES);
    const uint32_t seq = cbor_take_uint(reader);
    const uint8_t *anchor = cbor_take_bytes(reader, LINK_BYTES);
    const uint32_t ticks = cbor_take_uint(reader);
    const uint32_t base = cbor_take_uint(reader);
    const uint32_t window = cbor_take_uint(reader);
    const uint8_t *mac = cbor_take_bytes(reader, METER_MAC_BYTES);
    if (!cbor_done(reader) || number == 0) return ACK_OUT_OF_RANGE;
    if (ticks == 0 || ticks > CHAIN_TICKS_MAX || window == 0 || window > UINT16_MAX) return ACK_OUT_OF_RANGE;
    if (base > UINT32_MAX - ticks - window) return ACK_OUT_OF_RANGE; /* a count of readings would overflow */
    bytes[0] = DOMAIN_INSTALLATION;
    put_u32(bytes + NUMBER_AT, number);
    memcpy(bytes + CHANNEL_AT, channel, CHANNEL_BYTES);
    put_u32(bytes + SEQ_AT, seq);
    memcpy(bytes + ANCHOR_AT, anchor, LINK_BYTES);
    put_u16(bytes + TICKS_AT, (uint16_t)ticks);
    put_u32(bytes + BASE_AT, base);
    put_u16(bytes + WINDOW_AT, (uint16_t)window);
    memcpy(meter->mac, mac, METER_MAC_BYTES);
    return ACK_DONE;
}

bool meter_answer_install(meter *meter, uint8_t items, cbor_reader *reader) {
    const uint32_t id = cbor_take_uint(reader);
    if (items != 10 || reader->bad) return false;
    if (meter->installing != INSTALL_NONE) {
        /* The same again will be answered when it is done. */
        if (id != meter->install_id) message_ack(id, ACK_BUSY);
        return true;
    }
    ack_code code = take_candidate(meter, reader);
    if (!cbor_done(reader)) return false;
    if (!(meter->line->board->roles & ROLE_METER_KEY)) code = ACK_NOT_AUTHORISED;
    if (code != ACK_DONE) {
        message_ack(id, code);
        return true;
    }
    meter->install_id = id;
    meter->installing = INSTALL_CHECKING;
    hmac_begin(&meter->hmac);
    return true;
}

static void end_install(meter *meter, ack_code code) {
    meter->installing = INSTALL_NONE;
    message_ack(meter->install_id, code);
    if (code == ACK_DONE) meter->owes_state = true;
}

/* Whether the candidate is what the slot in force holds. */
static bool is_in_force(const meter *meter) {
    for (uint8_t i = 0; i < STORED_BYTES; i++) {
        uint8_t stored;
        storage_read((uint16_t)(slot_address(meter->slot) + i), &stored, 1);
        if (stored != meter->candidate[NUMBER_AT + i]) return false;
    }
    return true;
}

static bool mac_holds(const meter *meter) {
    uint8_t mac[METER_MAC_BYTES];
    uint8_t differing = 0; /* in one time, wherever they differ */
    sha256_bytes(meter->hmac.state, mac, sizeof mac);
    for (uint8_t i = 0; i < sizeof mac; i++) differing |= (uint8_t)(mac[i] ^ meter->mac[i]);
    return differing == 0;
}

static void check_candidate(meter *meter) {
    uint8_t key[STORAGE_KEY_BYTES];
    storage_read(STORAGE_METER_KEY, key, sizeof key);
    if (!hmac_step(&meter->hmac, key, meter->candidate, METER_INSTALLATION_BYTES)) return;
    const uint32_t number = get_u32(meter->candidate + NUMBER_AT);
    if (!mac_holds(meter)) {
        end_install(meter, ACK_SIGNATURE_INVALID);
    } else if (number > meter->number) {
        storage_seal(meter->candidate + NUMBER_AT, STORED_BYTES);
        storage_write(slot_address(meter->slot ^ 1), meter->candidate + NUMBER_AT, SLOT_BYTES);
        meter->installing = INSTALL_STORING;
    } else {
        end_install(meter, number == meter->number && is_in_force(meter) ? ACK_DONE : ACK_STALE);
    }
}

void meter_poll_install(meter *meter) {
    if (!storage_idle()) return;
    if (meter->installing == INSTALL_CHECKING) {
        check_candidate(meter);
    } else if (meter->installing == INSTALL_STORING) {
        adopt(meter, meter->slot ^ 1); /* durable now: before, a power cut would give its window away again */
        end_install(meter, ACK_DONE);
    }
}

bool meter_load_installation(meter *meter) {
    uint8_t newest = SLOTS;
    uint32_t number = 0;
    for (uint8_t slot = 0; slot < SLOTS; slot++) {
        if (!load_slot(meter, slot) || get_u32(meter->candidate + NUMBER_AT) <= number) continue;
        number = get_u32(meter->candidate + NUMBER_AT);
        newest = slot;
    }
    if (newest == SLOTS) return false;
    load_slot(meter, newest);
    adopt(meter, newest);
    return true;
}
