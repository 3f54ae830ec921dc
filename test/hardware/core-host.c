/* The portable C, asked line by line on standard input; answers a line each (core.test.ts). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bme280.h"
#include "crc32.h"
#include "frame.h"
#include "message.h"

#define LINE_MAX 8192

static uint8_t bytes[LINE_MAX];
static uint8_t out[LINE_MAX];

static uint16_t from_hex(const char *hex) {
    uint16_t length = 0;
    unsigned int byte;
    while (sscanf(hex + 2 * length, "%2x", &byte) == 1) bytes[length++] = (uint8_t)byte;
    return length;
}

static void put_hex(const uint8_t *at, uint16_t length) {
    for (uint16_t i = 0; i < length; i++) printf("%02x", at[i]);
    putchar('\n');
}

static void unframe(uint16_t max, uint16_t length) {
    uint8_t *buffer = malloc(max); /* exactly as long as it may be: a sanitiser sees what goes past */
    frame_decoder decoder;
    frame_decoder_init(&decoder, buffer, max);
    for (uint16_t i = 0; i < length; i++) {
        const frame_event event = frame_decoder_push(&decoder, bytes[i]);
        if (event == FRAME_NOISE) printf("noise ");
        if (event != FRAME_MESSAGE) continue;
        for (uint16_t k = 0; k < decoder.length; k++) printf("%02x", decoder.bytes[k]);
        putchar(' ');
    }
    putchar('\n');
    free(buffer);
}

static void put_request(uint16_t length) {
    const request got = message_decode(bytes, length);
    printf("%d %" PRIu32 " %d %" PRId32 " %" PRIu32 "\n", got.kind, got.id, got.channel, got.value, got.number);
}

static void put_identity(const char *name, uint32_t nonce, unsigned int present) {
    channel weather[] = {
        {"temperature", "temperature", "Cel", -2, SENSOR, 1000, 0, 0, present & 1},
        {"pressure", "pressure", "Pa", 0, SENSOR, 1000, 0, 0, (present & 2) != 0},
        {"humidity", "humidity", "%RH", -2, SENSOR, 1000, 0, 0, (present & 4) != 0},
        {"wind", "wind-speed", "m/s", -1, SENSOR, 1000, 0, 0, (present & 8) != 0},
    };
    channel valve[] = {{"valve", "valve", "/", 0, ACTUATOR, 10000, 0, 0, present & 1}};
    const uint8_t is_valve = strcmp(name, "valve") == 0;
    board board = {name, "1.0.0", {0}, is_valve ? valve : weather, is_valve ? 1 : 4, 0};
    memcpy(board.serial, bytes, SERIAL_NUMBER_BYTES);
    put_hex(out, message_identity(out, MESSAGE_BYTES_MAX, &board, nonce));
}

static void compensate(const char *numbers) {
    int v[21];
    for (int i = 0; i < 21; i++) v[i] = (int)strtol(numbers, (char **)&numbers, 10);
    const bme280_calibration c = {
        (uint16_t)v[0], (int16_t)v[1], (int16_t)v[2],  (uint16_t)v[3],  (int16_t)v[4],  (int16_t)v[5],
        (int16_t)v[6],  (int16_t)v[7], (int16_t)v[8],  (int16_t)v[9],   (int16_t)v[10], (int16_t)v[11],
        (uint8_t)v[12], (int16_t)v[13], (uint8_t)v[14], (int16_t)v[15], (int16_t)v[16], (int8_t)v[17],
    };
    const int32_t fine = bme280_fine_temperature(&c, v[18]);
    printf("%" PRId32 " %" PRId32 " %" PRIu32 " %" PRIu32 "\n", fine, bme280_temperature_centi_c(fine),
           bme280_pressure_q8(&c, v[19], fine), bme280_humidity_q10(&c, v[20], fine));
}

int main(void) {
    static char line[LINE_MAX], word[64], hex[LINE_MAX];
    unsigned long a, b, c;
    long signed_value;
    while (fgets(line, sizeof line, stdin) != NULL) {
        hex[0] = 0;
        if (sscanf(line, "crc %s", hex) == 1) printf("%08" PRIx32 "\n", crc32(bytes, from_hex(hex)));
        else if (sscanf(line, "frame %s", hex) == 1) put_hex(out, frame_encode(bytes, from_hex(hex), out));
        else if (sscanf(line, "unframe %lu %s", &a, hex) == 2) unframe((uint16_t)a, from_hex(hex));
        else if (strncmp(line, "request ", 8) == 0) put_request(from_hex(line + 8));
        else if (sscanf(line, "identity %63s %lu %s %lu", word, &a, hex, &b) == 4) {
            from_hex(hex);
            put_identity(word, (uint32_t)a, (unsigned int)b);
        } else if (sscanf(line, "reading %lu %lu %ld", &a, &b, &signed_value) == 3) {
            put_hex(out, message_reading(out, LINE_MAX, (uint8_t)a, (uint32_t)b, (int32_t)signed_value));
        } else if (sscanf(line, "ack %lu %lu", &a, &b) == 2) {
            put_hex(out, message_ack(out, LINE_MAX, (uint32_t)a, (ack_code)b));
        } else if (sscanf(line, "fault %lu %lu", &a, &c) == 2) {
            put_hex(out, message_fault(out, LINE_MAX, (uint8_t)a, (uint16_t)c));
        } else if (strncmp(line, "bme280 ", 7) == 0) compensate(line + 7);
        else return 1;
    }
    return 0;
}
