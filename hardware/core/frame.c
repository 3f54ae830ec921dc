#include "frame.h"

#include "crc32.h"

static uint16_t cobs_encode(const uint8_t *bytes, uint16_t length, uint8_t *out) {
    uint16_t code_at = 0;
    uint16_t at = 1;
    uint8_t code = 1;
    for (uint16_t i = 0; i < length; i++) {
        if (bytes[i] != 0) {
            out[at++] = bytes[i];
            code++;
        }
        if (bytes[i] == 0 || (code == 0xff && i + 1 < length)) {
            out[code_at] = code;
            code_at = at++;
            code = 1;
        }
    }
    out[code_at] = code;
    return at;
}

uint16_t frame_encode(uint8_t *message, uint16_t length, uint8_t *out) {
    const uint32_t crc = crc32(message, length);
    message[length] = (uint8_t)(crc >> 24);
    message[length + 1] = (uint8_t)(crc >> 16);
    message[length + 2] = (uint8_t)(crc >> 8);
    message[length + 3] = (uint8_t)crc;
    const uint16_t at = cobs_encode(message, (uint16_t)(length + FRAME_CRC_BYTES), out);
    out[at] = 0;
    return (uint16_t)(at + 1);
}

static void frame_restart(frame_decoder *decoder) {
    decoder->code = 0;
    decoder->left = 0;
}

void frame_decoder_init(frame_decoder *decoder, uint8_t *bytes, uint16_t max) {
    decoder->bytes = bytes;
    decoder->max = max;
    decoder->length = 0;
    frame_restart(decoder);
}

static void frame_append(frame_decoder *decoder, uint8_t byte) {
    if (decoder->length < decoder->max) decoder->bytes[decoder->length] = byte;
    if (decoder->length < UINT16_MAX) decoder->length++;
}

static frame_event frame_end(frame_decoder *decoder) {
    const uint8_t cut = decoder->left;
    frame_restart(decoder);
    if (cut != 0 || decoder->length > decoder->max || decoder->length <= FRAME_CRC_BYTES) return FRAME_NOISE;
    decoder->length = (uint16_t)(decoder->length - FRAME_CRC_BYTES);
    const uint8_t *sent = decoder->bytes + decoder->length;
    const uint32_t crc = crc32(decoder->bytes, decoder->length);
    const uint8_t same = sent[0] == (uint8_t)(crc >> 24) && sent[1] == (uint8_t)(crc >> 16) &&
                         sent[2] == (uint8_t)(crc >> 8) && sent[3] == (uint8_t)crc;
    return same ? FRAME_MESSAGE : FRAME_NOISE;
}

frame_event frame_decoder_push(frame_decoder *decoder, uint8_t byte) {
    if (byte == 0) {
        if (decoder->code == 0) return FRAME_PART; /* zeros between frames: a sender may flush with them */
        return frame_end(decoder);
    }
    if (decoder->left > 0) {
        decoder->left--;
        frame_append(decoder, byte);
        return FRAME_PART;
    }
    if (decoder->code == 0) decoder->length = 0; /* the first block of a frame */
    else if (decoder->code != 0xff) frame_append(decoder, 0);
    decoder->code = byte;
    decoder->left = (uint8_t)(byte - 1);
    return FRAME_PART;
}
