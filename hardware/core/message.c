#include "message.h"

#include "flash.h"
#include "frame.h"

enum { CHANNEL_NOBODY_HAS = 255 };

static uint8_t take_channel(cbor_reader *reader) {
    const uint32_t number = cbor_take_uint(reader);
    return number < CHANNEL_NOBODY_HAS ? (uint8_t)number : CHANNEL_NOBODY_HAS;
}

uint8_t message_open(cbor_reader *reader, message_kind *kind) {
    const uint8_t items = cbor_take_array(reader);
    const uint32_t number = cbor_take_uint(reader);
    *kind = reader->bad || number > MESSAGE_PROVISION ? MESSAGE_NONE : (message_kind)number;
    return items;
}

request message_decode(cbor_reader *reader, uint8_t items, message_kind kind) {
    request got = {MESSAGE_NONE, 0, 0, 0, 0};
    if (kind == MESSAGE_HELLO && items == 3) {
        got.number = cbor_take_uint(reader);
        got.id = cbor_take_uint(reader);
    } else if (kind == MESSAGE_COMMAND && items == 4) {
        got.id = cbor_take_uint(reader);
        got.channel = take_channel(reader);
        got.value = cbor_take_int(reader);
    } else if (kind == MESSAGE_PERIOD && items == 4) {
        got.id = cbor_take_uint(reader);
        got.channel = take_channel(reader);
        got.number = cbor_take_uint(reader);
    } else {
        return got;
    }
    if (cbor_done(reader)) got.kind = kind;
    return got;
}

direction channel_direction(const board *board, uint8_t number) {
    return (direction)flash_byte(&board->facts->channels[number].direction);
}

static void put_channel(uint8_t number, const channel_facts *facts, uint32_t period_ms) {
    cbor_put_array(7);
    cbor_put_uint(number);
    cbor_put_flash_text(facts->name, sizeof facts->name);
    cbor_put_flash_text(facts->kind, sizeof facts->kind);
    cbor_put_flash_text(facts->unit, sizeof facts->unit);
    cbor_put_int((int8_t)flash_byte(&facts->exponent));
    cbor_put_uint(flash_byte(&facts->direction));
    cbor_put_uint(period_ms);
}

void message_begin(uint8_t items, message_kind kind) {
    frame_begin();
    cbor_put_array(items);
    cbor_put_uint((uint32_t)kind);
}

bool message_identity(const board *board, uint32_t nonce) {
    const board_facts *facts = board->facts;
    uint8_t present = 0;
    for (uint8_t i = 0; i < board->channel_count; i++) present = (uint8_t)(present + board->channels[i].present);
    message_begin(8, MESSAGE_IDENTITY);
    cbor_put_uint(SERIAL_PROTOCOL);
    cbor_put_uint(nonce);
    cbor_put_flash_text(facts->board, sizeof facts->board);
    cbor_put_flash_text(facts->firmware, sizeof facts->firmware);
    cbor_put_bytes(board->serial, SERIAL_NUMBER_BYTES);
    cbor_put_array(present);
    for (uint8_t i = 0; i < board->channel_count; i++) {
        const channel *channel = &board->channels[i];
        if (channel->present) put_channel(i, &facts->channels[i], channel->period_ms);
    }
    cbor_put_uint(board->roles);
    return frame_end();
}

bool message_reading(uint8_t channel, uint32_t seq, int32_t mantissa) {
    message_begin(4, MESSAGE_READING);
    cbor_put_uint(channel);
    cbor_put_uint(seq);
    cbor_put_int(mantissa);
    return frame_end();
}

bool message_ack(uint32_t id, ack_code code) {
    message_begin(3, MESSAGE_ACK);
    cbor_put_uint(id);
    cbor_put_uint((uint32_t)code);
    return frame_end();
}

bool message_fault(uint8_t fault, uint16_t count) {
    message_begin(3, MESSAGE_FAULT);
    cbor_put_uint(fault);
    cbor_put_uint(count);
    return frame_end();
}
