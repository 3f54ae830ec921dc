#include "message.h"

#include "cbor.h"

enum { MESSAGE_IDENTITY = 1, MESSAGE_READING = 2, MESSAGE_ACK = 4, MESSAGE_FAULT = 6 };
enum { CHANNEL_NOBODY_HAS = 255 };

static uint8_t take_channel(cbor_reader *reader) {
    const uint32_t number = cbor_take_uint(reader);
    return number < CHANNEL_NOBODY_HAS ? (uint8_t)number : CHANNEL_NOBODY_HAS;
}

request message_decode(const uint8_t *bytes, uint16_t length) {
    cbor_reader reader = {bytes, length, 0, false};
    request got = {REQUEST_BAD, 0, 0, 0, 0};
    const uint8_t items = cbor_take_array(&reader);
    const uint32_t kind = cbor_take_uint(&reader);
    if (kind == REQUEST_HELLO && items == 3) {
        got.number = cbor_take_uint(&reader);
        got.id = cbor_take_uint(&reader);
    } else if (kind == REQUEST_COMMAND && items == 4) {
        got.id = cbor_take_uint(&reader);
        got.channel = take_channel(&reader);
        got.value = cbor_take_int(&reader);
    } else if (kind == REQUEST_PERIOD && items == 4) {
        got.id = cbor_take_uint(&reader);
        got.channel = take_channel(&reader);
        got.number = cbor_take_uint(&reader);
    } else {
        return got;
    }
    if (cbor_done(&reader)) got.kind = (request_kind)kind;
    return got;
}

static void put_channel(cbor_writer *writer, uint8_t number, const channel *channel) {
    cbor_put_array(writer, 7);
    cbor_put_uint(writer, number);
    cbor_put_text(writer, channel->name);
    cbor_put_text(writer, channel->kind);
    cbor_put_text(writer, channel->unit);
    cbor_put_int(writer, channel->exponent);
    cbor_put_uint(writer, channel->direction);
    cbor_put_uint(writer, channel->period_ms);
}

uint16_t message_identity(uint8_t *bytes, uint16_t max, const board *board, uint32_t nonce) {
    cbor_writer writer = {bytes, max, 0};
    uint8_t present = 0;
    for (uint8_t i = 0; i < board->channel_count; i++) present = (uint8_t)(present + board->channels[i].present);
    cbor_put_array(&writer, 8);
    cbor_put_uint(&writer, MESSAGE_IDENTITY);
    cbor_put_uint(&writer, SERIAL_PROTOCOL);
    cbor_put_uint(&writer, nonce);
    cbor_put_text(&writer, board->board);
    cbor_put_text(&writer, board->firmware);
    cbor_put_bytes(&writer, board->serial, SERIAL_NUMBER_BYTES);
    cbor_put_array(&writer, present);
    for (uint8_t i = 0; i < board->channel_count; i++) {
        if (board->channels[i].present) put_channel(&writer, i, &board->channels[i]);
    }
    cbor_put_uint(&writer, board->roles);
    return writer.length;
}

uint16_t message_reading(uint8_t *bytes, uint16_t max, uint8_t channel, uint32_t seq, int32_t mantissa) {
    cbor_writer writer = {bytes, max, 0};
    cbor_put_array(&writer, 4);
    cbor_put_uint(&writer, MESSAGE_READING);
    cbor_put_uint(&writer, channel);
    cbor_put_uint(&writer, seq);
    cbor_put_int(&writer, mantissa);
    return writer.length;
}

uint16_t message_ack(uint8_t *bytes, uint16_t max, uint32_t id, ack_code code) {
    cbor_writer writer = {bytes, max, 0};
    cbor_put_array(&writer, 3);
    cbor_put_uint(&writer, MESSAGE_ACK);
    cbor_put_uint(&writer, id);
    cbor_put_uint(&writer, (uint32_t)code);
    return writer.length;
}

uint16_t message_fault(uint8_t *bytes, uint16_t max, uint8_t fault, uint16_t count) {
    cbor_writer writer = {bytes, max, 0};
    cbor_put_array(&writer, 3);
    cbor_put_uint(&writer, MESSAGE_FAULT);
    cbor_put_uint(&writer, fault);
    cbor_put_uint(&writer, count);
    return writer.length;
}
