#include "provision.h"

#include <string.h>

#include "storage.h"

enum { SLOT_SERIAL = 0, SLOT_METER_KEY = 1, SLOT_PAYER_SECRET = 2, ERASED = 0xff };

bool provision_begin(provision *provision, uint8_t items, cbor_reader *reader) {
    const uint32_t id = cbor_take_uint(reader);
    const uint32_t slot = cbor_take_uint(reader);
    const uint8_t *bytes = cbor_take_bytes(reader, slot == SLOT_SERIAL ? SERIAL_NUMBER_BYTES : STORAGE_KEY_BYTES);
    if (items != 4 || slot > SLOT_PAYER_SECRET || !cbor_done(reader)) return false;
    provision->active = true;
    provision->writing = false;
    provision->slot = (uint8_t)slot;
    provision->id = id;
    provision->bytes = (uint8_t *)bytes; /* in the receive buffer; the frame's CRC behind them makes room for the seal */
    return true;
}

/* A power cut may have left a part of the same number, which is then completed: it has no seal to tell. */
static ack_code write_serial(const provision *provision) {
    for (uint8_t i = 0; i < SERIAL_NUMBER_BYTES; i++) {
        uint8_t stored;
        storage_read((uint16_t)(STORAGE_SERIAL + i), &stored, 1);
        if (stored != ERASED && stored != provision->bytes[i]) return ACK_NOT_AUTHORISED;
    }
    storage_write(STORAGE_SERIAL, provision->bytes, SERIAL_NUMBER_BYTES);
    return ACK_DONE;
}

static ack_code write_key(const provision *provision, const board *board) {
    const bool meter = provision->slot == SLOT_METER_KEY;
    const uint16_t address = meter ? STORAGE_METER_KEY : STORAGE_PAYER_SECRET;
    uint8_t stored[STORAGE_KEY_BYTES];
    if (!(board->roles & (meter ? ROLE_METER : ROLE_PAYER))) return ACK_OUT_OF_RANGE;
    if (storage_read_sealed(address, stored, STORAGE_KEY_BYTES)) {
        const bool same = memcmp(stored, provision->bytes, STORAGE_KEY_BYTES) == 0;
        return same ? ACK_DONE : ACK_NOT_AUTHORISED; /* the same again: its acknowledgement was lost */
    }
    storage_seal(provision->bytes, STORAGE_KEY_BYTES);
    storage_write(address, provision->bytes, STORAGE_KEY_BYTES + STORAGE_SEAL_BYTES);
    return ACK_DONE;
}

static void finish(provision *provision, board *board) {
    if (provision->slot == SLOT_SERIAL) {
        memcpy(board->serial, provision->bytes, SERIAL_NUMBER_BYTES);
    } else {
        const role role = provision->slot == SLOT_METER_KEY ? ROLE_METER_KEY : ROLE_PAYER_SECRET;
        board->roles = (uint8_t)(board->roles | role);
    }
}

bool provision_poll(provision *provision, board *board) {
    if (!provision->active || !storage_idle()) return false;
    if (!provision->writing) {
        const ack_code code = provision->slot == SLOT_SERIAL ? write_serial(provision) : write_key(provision, board);
        provision->writing = code == ACK_DONE;
        if (provision->writing) return false;
        provision->active = false;
        message_ack(provision->id, code);
        return false;
    }
    provision->active = false;
    finish(provision, board);
    message_ack(provision->id, ACK_DONE);
    return true;
}
