/*
 * Frames on a serial line: COBS(message | CRC-32 big-endian) ended by 0x00 (schemas/spec/frame.md).
 */
#ifndef TB_FRAME_H
#define TB_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_CRC_BYTES 4

/*
 * A frame is written straight into the line's send buffer: begin, every byte of the message, end.
 * frame_end() is false where it did not fit; then nothing of it is sent, for half a frame would cost the
 * next one too.
 */
void frame_begin(void);
void frame_put(uint8_t byte);
bool frame_end(void);

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
