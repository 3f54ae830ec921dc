#include "frame.h"

#include "big-endian.h"
#include "crc32.h"
#include "port.h"

/* The one frame in the making: there is one line. */
static struct {
    uint32_t crc;
    uint16_t room;    /* of the send buffer */
    uint16_t at;      /* the next byte's place; counts on past the room */
    uint16_t code_at; /* of the block being written: its code byte is put when the block ends */
    uint8_t code;
} out;

static void put_at(uint16_t at, uint8_t byte) {
    if (at < out.room) port_put(at, byte);
}

static void next_block(void) {
    put_at(out.code_at, out.code);
    out.code_at = out.at++;
    out.code = 1;
}

static void stuff(uint8_t byte) {
    if (out.code == 0xff) next_block(); /* only now: a full block at the end of a frame has none behind it */
    if (byte == 0) {
        next_block();
    } else {
        put_at(out.at++, byte);
        out.code++;
    }
}

void frame_begin(void) {
    out.crc = CRC32_START;
    out.room = port_room();
    out.code_at = 0;
    out.at = 1;
    out.code = 1;
}

void frame_put(uint8_t byte) {
    out.crc = crc32_push(out.crc, byte);
    stuff(byte);
}

bool frame_end(void) {
    for (int8_t shift = 24; shift >= 0; shift = (int8_t)(shift - 8)) stuff((uint8_t)(~out.crc >> shift));
    next_block(); /* the place of its code is that of the ending zero */
    put_at(out.code_at, 0);
    if (out.at > out.room) return false;
    port_commit(out.at);
    return true;
}

static void restart(frame_decoder *decoder) {
    decoder->code = 0;
    decoder->left = 0;
}

void frame_decoder_init(frame_decoder *decoder, uint8_t *bytes, uint16_t max) {
    decoder->bytes = bytes;
    decoder->max = max;
    decoder->length = 0;
    restart(decoder);
}

static void append(frame_decoder *decoder, uint8_t byte) {
    if (decoder->length < decoder->max) decoder->bytes[decoder->length] = byte;
    if (decoder->length < UINT16_MAX) decoder->length++;
}

static frame_event finish(frame_decoder *decoder) {
    const uint8_t cut = decoder->left;
    restart(decoder);
    if (cut != 0 || decoder->length > decoder->max || decoder->length <= FRAME_CRC_BYTES) return FRAME_NOISE;
    decoder->length = (uint16_t)(decoder->length - FRAME_CRC_BYTES);
    const uint8_t *sent = decoder->bytes + decoder->length;
    return get_u32(sent) == crc32(decoder->bytes, decoder->length) ? FRAME_MESSAGE : FRAME_NOISE;
}

frame_event frame_decoder_push(frame_decoder *decoder, uint8_t byte) {
    if (byte == 0) {
        if (decoder->code == 0) return FRAME_PART; /* zeros between frames: a sender may flush with them */
        return finish(decoder);
    }
    if (decoder->left > 0) {
        decoder->left--;
        append(decoder, byte);
        return FRAME_PART;
    }
    if (decoder->code == 0) decoder->length = 0; /* the first block of a frame */
    else if (decoder->code != 0xff) append(decoder, 0);
    decoder->code = byte;
    decoder->left = (uint8_t)(byte - 1);
    return FRAME_PART;
}
