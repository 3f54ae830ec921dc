/*
 * The part of deterministic CBOR (RFC 8949 section 4.2.1) that serial messages need: arrays, integers
 * of 32 bits, byte and text strings; heads in their shortest form.
 */
#ifndef TB_CBOR_H
#define TB_CBOR_H

#include <stdbool.h>
#include <stdint.h>

/* Into the frame that frame_begin() began. */
void cbor_put_array(uint8_t items);
void cbor_put_uint(uint32_t value);
void cbor_put_int(int32_t value);
void cbor_put_bytes(const uint8_t *bytes, uint8_t length);
/* A text in program memory (flash.h): up to its zero, `max` bytes at most. */
void cbor_put_flash_text(const char *text, uint8_t max);

typedef struct {
    const uint8_t *bytes;
    uint16_t length;
    uint16_t at;
    bool bad; /* set by the first item that is not what was asked for; later items then read as 0 */
} cbor_reader;

uint8_t cbor_take_array(cbor_reader *reader);
uint32_t cbor_take_uint(cbor_reader *reader);
int32_t cbor_take_int(cbor_reader *reader);
/* Where the `length` bytes of a byte string of just that length are; NULL, and bad, for anything else. */
const uint8_t *cbor_take_bytes(cbor_reader *reader, uint8_t length);
/* Everything read, nothing left, nothing bad. */
bool cbor_done(const cbor_reader *reader);

#endif
