#include "cbor.h"

#include <stddef.h>

#include "flash.h"
#include "frame.h"

enum { MAJOR_UINT = 0, MAJOR_NEGATIVE = 1, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_ARRAY = 4 };

static void put_head(uint8_t major, uint32_t value) {
    const uint8_t info = value < 24 ? (uint8_t)value : value < 0x100 ? 24 : value < 0x10000 ? 25 : 26;
    frame_put((uint8_t)(major << 5 | info));
    if (info == 26) {
        frame_put((uint8_t)(value >> 24));
        frame_put((uint8_t)(value >> 16));
    }
    if (info >= 25) frame_put((uint8_t)(value >> 8));
    if (info >= 24) frame_put((uint8_t)value);
}

void cbor_put_array(uint8_t items) { put_head(MAJOR_ARRAY, items); }

void cbor_put_uint(uint32_t value) { put_head(MAJOR_UINT, value); }

void cbor_put_int(int32_t value) {
    if (value < 0) put_head(MAJOR_NEGATIVE, ~(uint32_t)value); /* -1 - value in two's complement */
    else put_head(MAJOR_UINT, (uint32_t)value);
}

void cbor_put_bytes(const uint8_t *bytes, uint8_t length) {
    put_head(MAJOR_BYTES, length);
    for (uint8_t i = 0; i < length; i++) frame_put(bytes[i]);
}

void cbor_put_flash_text(const char *text, uint8_t max) {
    uint8_t length = 0;
    while (length < max && flash_byte(text + length) != 0) length++;
    put_head(MAJOR_TEXT, length);
    for (uint8_t i = 0; i < length; i++) frame_put(flash_byte(text + i));
}

static uint8_t take(cbor_reader *reader) {
    if (reader->at >= reader->length) {
        reader->bad = true;
        return 0;
    }
    return reader->bytes[reader->at++];
}

/* Argument of a head; `major` receives its type. Longer than 32 bits or not the shortest form: bad. */
static uint32_t take_head(cbor_reader *reader, uint8_t *major) {
    const uint8_t first = take(reader);
    const uint8_t info = first & 31;
    *major = first >> 5;
    if (info < 24) return info;
    if (info > 26) {
        reader->bad = true;
        return 0;
    }
    uint32_t value = 0;
    for (uint8_t width = (uint8_t)(1 << (info - 24)); width > 0; width--) value = (value << 8) | take(reader);
    const uint32_t least = info == 24 ? 24 : info == 25 ? 0x100 : 0x10000;
    if (value < least) reader->bad = true;
    return value;
}

static uint32_t take_of(cbor_reader *reader, uint8_t wanted) {
    uint8_t major;
    const uint32_t value = take_head(reader, &major);
    if (major != wanted) reader->bad = true;
    return reader->bad ? 0 : value;
}

uint8_t cbor_take_array(cbor_reader *reader) {
    const uint32_t items = take_of(reader, MAJOR_ARRAY);
    if (items > UINT8_MAX) reader->bad = true;
    return reader->bad ? 0 : (uint8_t)items;
}

uint32_t cbor_take_uint(cbor_reader *reader) { return take_of(reader, MAJOR_UINT); }

int32_t cbor_take_int(cbor_reader *reader) {
    uint8_t major;
    const uint32_t value = take_head(reader, &major);
    if ((major != MAJOR_UINT && major != MAJOR_NEGATIVE) || value > INT32_MAX) reader->bad = true;
    if (reader->bad) return 0;
    return major == MAJOR_UINT ? (int32_t)value : -1 - (int32_t)value;
}

const uint8_t *cbor_take_bytes(cbor_reader *reader, uint8_t length) {
    if (take_of(reader, MAJOR_BYTES) != length || reader->length - reader->at < length) reader->bad = true;
    if (reader->bad) return NULL;
    const uint8_t *bytes = reader->bytes + reader->at;
    reader->at = (uint16_t)(reader->at + length);
    return bytes;
}

bool cbor_done(const cbor_reader *reader) { return !reader->bad && reader->at == reader->length; }
