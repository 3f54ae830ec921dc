#include "meter.h"

#include <string.h>

#include "meter-parts.h"

static bool has_key(const meter *meter) { return meter->line->board->roles & ROLE_METER_KEY; }

uint32_t meter_room(const meter *meter) {
    if (meter->number == 0 || meter->starts < meter->starts_now) return 0;
    const uint32_t most = meter->base + meter_counted(meter) + meter_window(meter);
    return most > meter->delivered ? most - meter->delivered : 0;
}

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

static bool answer(void *self, message_kind kind, uint8_t items, cbor_reader *reader) {
    if (kind == MESSAGE_TICK) return answer_tick(self, items, reader);
    if (kind == MESSAGE_INSTALL) return meter_answer_install(self, items, reader);
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
    meter_poll_record(meter);
    if (meter->installing != INSTALL_NONE) meter_poll_install(meter);
    if (meter->installing != INSTALL_CHECKING) poll_walk(meter); /* one hash a turn */
    if (meter->owes_state && meter_is_settled(meter) && send_state(meter)) meter->owes_state = false;
    return meter->installing == INSTALL_CHECKING || meter->walking_index != 0 || meter->waiting_index != 0;
}

void meter_init(meter *meter, link *line) {
    uint8_t key[STORAGE_KEY_BYTES]; /* looked at, not kept */
    memset(meter, 0, sizeof *meter);
    meter->line = line;
    meter->role = (link_role){meter, answer, greeted, may_read, has_read};
    uint8_t roles = line->board->roles | ROLE_METER;
    if (storage_read_sealed(STORAGE_METER_KEY, key, sizeof key)) roles |= ROLE_METER_KEY;
    line->board->roles = roles;
    if (meter_load_installation(meter)) meter_load_record(meter);
    link_add(line, &meter->role);
}
