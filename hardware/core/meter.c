#include "meter.h"

#include <string.h>

#include "crc32.h"

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

/*
 * A record: mark u16be, then the CRC-32 of number u32be and mark. The number is not stored: records of other
 * installations do not have the right CRC. The mark is index * 32 + starts, so that a newer one is larger.
 */
#define RECORDS ((STORAGE_BYTES - STORAGE_RING) / METER_RECORD_BYTES)
#define STARTS_BITS 5
#define STARTS_MAX 31 /* more than enough to shift a window of 16 bits to nothing */

static uint16_t get_u16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static uint32_t get_u32(const uint8_t *at) { return (uint32_t)get_u16(at) << 16 | get_u16(at + 2); }

static void put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value) {
    put_u16(at, (uint16_t)(value >> 16));
    put_u16(at + 2, (uint16_t)value);
}

static bool has_key(const meter *meter) { return meter->line->board->roles & ROLE_METER_KEY; }

/* The first start after a tick costs its owner a whole window at most, each one after it half of the one before. */
static uint16_t window_now(const meter *meter) {
    const uint8_t halvings = meter->starts < 2 ? 0 : (uint8_t)(meter->starts - 1);
    return (uint16_t)((uint32_t)meter->window >> halvings);
}

/* A tick far ahead of the records counts in part until it is on record: a reset must not forget more. */
static uint16_t counted(const meter *meter) {
    const uint16_t most = (uint16_t)(meter->marked + METER_STRIDE);
    return meter->index < most ? meter->index : most;
}

uint32_t meter_room(const meter *meter) {
    if (meter->number == 0 || meter->starts < meter->starts_now) return 0;
    const uint32_t most = meter->base + counted(meter) + window_now(meter);
    return most > meter->delivered ? most - meter->delivered : 0;
}

/* No record is under way that the room depends on: only then is a host told. */
static bool is_settled(const meter *meter) {
    const bool ended = meter->starts == 0 || meter->index == meter->marked;
    return meter->starts == meter->starts_now && ended && meter->index == counted(meter);
}

/* -- Records of what was paid -- */

static void make_record(uint8_t record[METER_RECORD_BYTES], uint32_t number, uint16_t mark) {
    uint8_t bytes[6];
    put_u32(bytes, number);
    put_u16(bytes + 4, mark);
    put_u16(record, mark);
    put_u32(record + 2, crc32(bytes, sizeof bytes));
}

static uint16_t record_address(uint8_t at) { return (uint16_t)(STORAGE_RING + at * METER_RECORD_BYTES); }

/* The newest record of the installation in force. */
static void load_record(meter *meter) {
    uint16_t newest = 0;
    meter->record_at = (uint8_t)(meter->number % RECORDS); /* where there is none: anywhere, all places alike */
    for (uint8_t at = 0; at < RECORDS; at++) {
        uint8_t stored[METER_RECORD_BYTES];
        uint8_t expected[METER_RECORD_BYTES];
        storage_read(record_address(at), stored, sizeof stored);
        const uint16_t mark = get_u16(stored);
        if (mark <= newest || mark >> STARTS_BITS > meter->ticks) continue;
        make_record(expected, meter->number, mark);
        if (memcmp(stored, expected, sizeof stored) != 0) continue;
        newest = mark;
        meter->record_at = at;
    }
    meter->marked = newest >> STARTS_BITS;
    meter->starts = newest & STARTS_MAX;
}

static void begin_record(meter *meter, uint8_t starts) {
    make_record(meter->record, meter->number, (uint16_t)(meter->index << STARTS_BITS | starts));
    meter->record_at = (uint8_t)((meter->record_at + 1) % RECORDS);
    meter->recording = storage_write(record_address(meter->record_at), meter->record, METER_RECORD_BYTES);
}

/*
 * A start is on record before it gives credit. The first tick after it ends the count, and is on record before
 * the window is whole again: else the ticks since the last record would end it again after each reset.
 */
static void poll_record(meter *meter) {
    if (!storage_idle()) return;
    if (meter->recording) {
        const uint16_t mark = get_u16(meter->record);
        meter->marked = mark >> STARTS_BITS;
        meter->starts = meter->starts_now = mark & STARTS_MAX;
        meter->recording = false;
    }
    const uint16_t unmarked = (uint16_t)(meter->index - meter->marked);
    if (meter->starts < meter->starts_now) begin_record(meter, meter->starts_now);
    else if (unmarked >= METER_STRIDE || (unmarked > 0 && meter->starts > 0)) begin_record(meter, 0);
}

/* -- Ticks -- */

static bool answer_tick(meter *meter, uint8_t items, cbor_reader *reader) {
    const uint32_t seq16 = cbor_take_uint(reader);
    const uint32_t index = cbor_take_uint(reader);
    const uint8_t *x = cbor_take_bytes(reader, LINK_BYTES);
    if (items != 4 || !cbor_done(reader)) return false;
    const bool late = meter->number == 0 || seq16 != (uint16_t)meter->chain.seq || index <= meter->index;
    if (!late && index <= meter->ticks) {
        meter->waiting_index = (uint16_t)index;
        memcpy(meter->waiting, x, LINK_BYTES);
        return true;
    }
    if (!late) link_fault(meter->line, FAULT_TICK);
    meter->owes_state = true;
    return true;
}

static void begin_walk(meter *meter) {
    if (meter->waiting_index > meter->index) {
        meter->step = meter->walking_index = meter->waiting_index;
        memcpy(meter->walking, meter->waiting, LINK_BYTES);
        memcpy(meter->x, meter->waiting, LINK_BYTES);
    } else {
        meter->owes_state = true; /* the walk that it waited for went further */
    }
    meter->waiting_index = 0;
}

static void end_walk(meter *meter) {
    if (memcmp(meter->x, meter->held, LINK_BYTES) == 0) {
        meter->index = meter->held_index = meter->walking_index;
        memcpy(meter->held, meter->walking, LINK_BYTES);
    } else {
        link_fault(meter->line, FAULT_TICK);
    }
    meter->walking_index = 0;
    meter->owes_state = true;
}

static void poll_walk(meter *meter) {
    if (meter->walking_index == 0 && meter->waiting_index != 0) begin_walk(meter);
    if (meter->walking_index == 0) return;
    tick_step_back(&meter->chain, meter->step, meter->x);
    meter->step--;
    if (meter->step == meter->held_index) end_walk(meter);
}

/* -- Installations -- */

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

/* Field by field where it goes; false when it is no installation at all. */
static bool take_candidate(meter *meter, cbor_reader *reader) {
    uint8_t *bytes = meter->candidate;
    bytes[0] = DOMAIN_INSTALLATION;
    put_u32(bytes + NUMBER_AT, cbor_take_uint(reader));
    const uint8_t *channel = cbor_take_bytes(reader, CHANNEL_BYTES);
    put_u32(bytes + SEQ_AT, cbor_take_uint(reader));
    const uint8_t *anchor = cbor_take_bytes(reader, LINK_BYTES);
    const uint32_t ticks = cbor_take_uint(reader);
    put_u32(bytes + BASE_AT, cbor_take_uint(reader));
    const uint32_t window = cbor_take_uint(reader);
    const uint8_t *mac = cbor_take_bytes(reader, METER_MAC_BYTES);
    if (!cbor_done(reader) || ticks == 0 || ticks > CHAIN_TICKS_MAX) return false;
    if (window == 0 || window > UINT16_MAX) return false;
    memcpy(bytes + CHANNEL_AT, channel, CHANNEL_BYTES);
    memcpy(bytes + ANCHOR_AT, anchor, LINK_BYTES);
    put_u16(bytes + TICKS_AT, (uint16_t)ticks);
    put_u16(bytes + WINDOW_AT, (uint16_t)window);
    memcpy(meter->mac, mac, METER_MAC_BYTES);
    return true;
}

static bool answer_install(meter *meter, uint8_t items, cbor_reader *reader) {
    const uint32_t id = cbor_take_uint(reader);
    if (items != 10 || reader->bad) return false;
    if (meter->installing != INSTALL_NONE) {
        /* The same again will be answered when it is done. */
        if (id != meter->install_id) message_ack(id, ACK_BUSY);
        return true;
    }
    if (!take_candidate(meter, reader)) return false;
    const uint32_t most = (uint32_t)CHAIN_TICKS_MAX + UINT16_MAX;
    if (!has_key(meter)) {
        message_ack(id, ACK_NOT_AUTHORISED);
    } else if (get_u32(meter->candidate + BASE_AT) > UINT32_MAX - most) {
        message_ack(id, ACK_OUT_OF_RANGE); /* a count of readings would overflow */
    } else {
        meter->install_id = id;
        meter->installing = INSTALL_CHECKING;
        hmac_begin(&meter->hmac);
    }
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
        end_install(meter, number != 0 && number == meter->number && is_in_force(meter) ? ACK_DONE : ACK_STALE);
    }
}

static void poll_install(meter *meter) {
    if (!storage_idle()) return;
    if (meter->installing == INSTALL_CHECKING) {
        check_candidate(meter);
    } else if (meter->installing == INSTALL_STORING) {
        adopt(meter, meter->slot ^ 1); /* durable now: before, a power cut would give its window away again */
        end_install(meter, ACK_DONE);
    }
}

/* -- The role -- */

static bool answer(void *self, message_kind kind, uint8_t items, cbor_reader *reader) {
    if (kind == MESSAGE_TICK) return answer_tick(self, items, reader);
    if (kind == MESSAGE_INSTALL) return answer_install(self, items, reader);
    return false;
}

static void greeted(void *self) {
    meter *meter = self;
    if (has_key(meter)) meter->owes_state = true;
}

static bool may_read(void *self) {
    const meter *meter = self;
    return !has_key(meter) || meter_room(meter) > 0;
}

static void has_read(void *self) {
    meter *meter = self;
    if (has_key(meter)) meter->delivered++;
}

static bool send_state(const meter *meter) {
    message_begin(6, MESSAGE_METER);
    cbor_put_uint(meter->number);
    cbor_put_uint(meter->chain.seq);
    cbor_put_uint(meter->index);
    cbor_put_uint(meter->delivered);
    cbor_put_uint(meter_room(meter));
    return frame_end();
}

bool meter_poll(meter *meter) {
    poll_record(meter);
    if (meter->installing != INSTALL_NONE) poll_install(meter);
    if (meter->installing != INSTALL_CHECKING) poll_walk(meter); /* one hash a turn */
    if (meter->owes_state && is_settled(meter) && send_state(meter)) meter->owes_state = false;
    return meter->installing == INSTALL_CHECKING || meter->walking_index != 0 || meter->waiting_index != 0;
}

static void load(meter *meter) {
    uint8_t newest = SLOTS;
    uint32_t number = 0;
    for (uint8_t slot = 0; slot < SLOTS; slot++) {
        if (!load_slot(meter, slot) || get_u32(meter->candidate + NUMBER_AT) <= number) continue;
        number = get_u32(meter->candidate + NUMBER_AT);
        newest = slot;
    }
    if (newest == SLOTS) return;
    load_slot(meter, newest);
    adopt(meter, newest);
    load_record(meter);
    meter->index = meter->marked;
    meter->delivered = meter->base + meter->index;
    /* A start that could give nothing any more is not worth a record. */
    meter->starts_now = (uint8_t)(meter->starts + (window_now(meter) > 0));
}

void meter_init(meter *meter, link *line) {
    uint8_t key[STORAGE_KEY_BYTES]; /* looked at, not kept */
    memset(meter, 0, sizeof *meter);
    meter->line = line;
    meter->role = (link_role){meter, answer, greeted, may_read, has_read};
    uint8_t roles = line->board->roles | ROLE_METER;
    if (storage_read_sealed(STORAGE_METER_KEY, key, sizeof key)) roles |= ROLE_METER_KEY;
    line->board->roles = roles;
    load(meter);
    link_add(line, &meter->role);
}
