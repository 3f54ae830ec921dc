#include "cbor.h"

#include <string.h>

enum { MAJOR_UINT = 0, MAJOR_NEGATIVE = 1, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_ARRAY = 4 };

static void put(cbor_writer *writer, uint8_t byte) {
    if (writer->length < writer->max) writer->bytes[writer->length] = byte;
    writer->length++;
}

static void put_head(cbor_writer *writer, uint8_t major, uint32_t value) {
    const uint8_t type = (uint8_t)(major << 5);
    if (value < 24) {
        put(writer, (uint8_t)(type | value));
    } else if (value < 0x100) {
        put(writer, type | 24);
        put(writer, (uint8_t)value);
    } else if (value < 0x10000) {
        put(writer, type | 25);
        put(writer, (uint8_t)(value >> 8));
        put(writer, (uint8_t)value);
    } else {
        put(writer, type | 26);
        put(writer, (uint8_t)(value >> 24));
        put(writer, (uint8_t)(value >> 16));
        put(writer, (uint8_t)(value >> 8));
        put(writer, (uint8_t)value);
    }
}

void cbor_put_array(cbor_writer *writer, uint8_t items) { put_head(writer, MAJOR_ARRAY, items); }

void cbor_put_uint(cbor_writer *writer, uint32_t value) { put_head(writer, MAJOR_UINT, value); }

void cbor_put_int(cbor_writer *writer, int32_t value) {
    if (value < 0) put_head(writer, MAJOR_NEGATIVE, ~(uint32_t)value); /* -1 - value in two's complement */
    else put_head(writer, MAJOR_UINT, (uint32_t)value);
}

void cbor_put_bytes(cbor_writer *writer, const uint8_t *bytes, uint8_t length) {
    put_head(writer, MAJOR_BYTES, length);
    for (uint8_t i = 0; i < length; i++) put(writer, bytes[i]);
}

void cbor_put_text(cbor_writer *writer, const char *text) {
    const uint8_t length = (uint8_t)strlen(text);
    put_head(writer, MAJOR_TEXT, length);
    for (uint8_t i = 0; i < length; i++) put(writer, (uint8_t)text[i]);
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

bool cbor_done(const cbor_reader *reader) { return !reader->bad && reader->at == reader->length; }
