/*
 * Frames on a serial line: COBS(message | CRC-32 big-endian) ended by 0x00 (schemas/spec/frame.md).
 */
#ifndef TB_FRAME_H
#define TB_FRAME_H

#include <stdint.h>

#define FRAME_CRC_BYTES 4
/* One COBS code byte per 254 bytes, and the ending zero. */
#define FRAME_BYTES(message_bytes) ((message_bytes) + FRAME_CRC_BYTES + ((message_bytes) + FRAME_CRC_BYTES) / 254 + 2)

/* Bytes written to `out`, which holds FRAME_BYTES(length). `message` has room for the CRC behind it. */
uint16_t frame_encode(uint8_t *message, uint16_t length, uint8_t *out);

typedef enum {
    FRAME_PART,    /* nothing complete yet */
    FRAME_MESSAGE, /* decoder.bytes[0 .. decoder.length) is a message, until the next push */
    FRAME_NOISE    /* something ended that was no frame: cut, too long or with a wrong CRC */
} frame_event;

typedef struct {
    uint8_t *bytes; /* the caller's, `max` long: the longest message plus FRAME_CRC_BYTES */
    uint16_t max;
    uint16_t length; /* counts on past max, so that a frame too long is known at its end */
    uint8_t code;    /* of the block being read; 0 before the first */
    uint8_t left;    /* bytes still missing in that block */
} frame_decoder;

void frame_decoder_init(frame_decoder *decoder, uint8_t *bytes, uint16_t max);
frame_event frame_decoder_push(frame_decoder *decoder, uint8_t byte);

#endif
