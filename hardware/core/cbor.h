/*
 * The part of deterministic CBOR (RFC 8949 section 4.2.1) that serial messages need: arrays, integers
 * of 32 bits, byte and text strings; heads in their shortest form.
 */
#ifndef TB_CBOR_H
#define TB_CBOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    uint16_t max;
    uint16_t length; /* counts on past max: longer than max afterwards means that it did not fit */
} cbor_writer;

void cbor_put_array(cbor_writer *writer, uint8_t items);
void cbor_put_uint(cbor_writer *writer, uint32_t value);
void cbor_put_int(cbor_writer *writer, int32_t value);
void cbor_put_bytes(cbor_writer *writer, const uint8_t *bytes, uint8_t length);
void cbor_put_text(cbor_writer *writer, const char *text);

typedef struct {
    const uint8_t *bytes;
    uint16_t length;
    uint16_t at;
    bool bad; /* set by the first item that is not what was asked for; later items then read as 0 */
} cbor_reader;

uint8_t cbor_take_array(cbor_reader *reader);
uint32_t cbor_take_uint(cbor_reader *reader);
int32_t cbor_take_int(cbor_reader *reader);
/* Everything read, nothing left, nothing bad. */
bool cbor_done(const cbor_reader *reader);

#endif
