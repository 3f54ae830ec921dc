/* The portable C, asked line by line on standard input; answers a line each (core.test.ts). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bme280.h"
#include "crc32.h"
#include "flash.h"
#include "frame.h"
#include "message.h"
#include "port.h"

#define LINE_MAX 8192

static uint8_t bytes[LINE_MAX];

/* The port of this program: no clock, nothing received, and what is sent waits to be printed. */
static uint8_t sent[LINE_MAX];
static uint16_t sent_length;
static uint16_t room = LINE_MAX;

uint32_t port_now_ms(void) { return 0; }
bool port_take(uint8_t *byte) { return (void)byte, false; }
uint16_t port_room(void) { return room; }
void port_put(uint16_t offset, uint8_t byte) {
    if (offset >= room) abort();
    sent[sent_length + offset] = byte;
}
void port_commit(uint16_t length) { sent_length = (uint16_t)(sent_length + length); }
uint16_t port_overruns(void) { return 0; }
bool port_storage_ready(void) { return true; }
uint8_t port_storage_read(uint16_t address) { return (void)address, 0xff; }
void port_storage_write(uint16_t address, uint8_t byte) { (void)address, (void)byte; }

static uint16_t from_hex(const char *hex) {
    uint16_t length = 0;
    unsigned int byte;
    while (sscanf(hex + 2 * length, "%2x", &byte) == 1) bytes[length++] = (uint8_t)byte;
    return length;
}

/* What was sent, or `-` where it found no room. */
static void put_sent(void) {
    if (sent_length == 0) putchar('-');
    for (uint16_t i = 0; i < sent_length; i++) printf("%02x", sent[i]);
    putchar('\n');
    sent_length = 0;
}

static void put_frame(uint16_t length) {
    frame_begin();
    for (uint16_t i = 0; i < length; i++) frame_put(bytes[i]);
    frame_end();
    put_sent();
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
    cbor_reader reader = {bytes, length, 0, false};
    message_kind kind;
    const uint8_t items = message_open(&reader, &kind);
    const request got = message_decode(&reader, items, kind);
    printf("%d %" PRIu32 " %d %" PRId32 " %" PRIu32 "\n", got.kind, got.id, got.channel, got.value, got.number);
}

static const board_facts WEATHER FLASH = {
    "weather-station",
    "1.0.0",
    {
        {"temperature", "temperature", "Cel", -2, SENSOR},
        {"pressure", "pressure", "Pa", 0, SENSOR},
        {"humidity", "humidity", "%RH", -2, SENSOR},
        {"wind", "wind-speed", "m/s", -1, SENSOR},
    },
};
static const board_facts VALVE FLASH = {"valve", "1.0.0", {{"valve", "valve", "/", 0, ACTUATOR}}};

static void put_identity(const char *name, uint32_t nonce, unsigned int present) {
    const bool is_valve = strcmp(name, "valve") == 0;
    channel channels[4];
    for (unsigned int i = 0; i < 4; i++) {
        channels[i] = (channel){is_valve ? 10000 : 1000, 0, 0, (present >> i & 1) != 0};
    }
    board board = {is_valve ? &VALVE : &WEATHER, channels, is_valve ? 1 : 4, 0, {0}};
    memcpy(board.serial, bytes, SERIAL_NUMBER_BYTES);
    message_identity(&board, nonce);
    put_sent();
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
        else if (sscanf(line, "frame %s", hex) == 1) put_frame(from_hex(hex));
        else if (sscanf(line, "unframe %lu %s", &a, hex) == 2) unframe((uint16_t)a, from_hex(hex));
        else if (sscanf(line, "room %lu", &a) == 1) printf("%u\n", room = (uint16_t)a);
        else if (strncmp(line, "request ", 8) == 0) put_request(from_hex(line + 8));
        else if (sscanf(line, "identity %63s %lu %s %lu", word, &a, hex, &b) == 4) {
            from_hex(hex);
            put_identity(word, (uint32_t)a, (unsigned int)b);
        } else if (sscanf(line, "reading %lu %lu %ld", &a, &b, &signed_value) == 3) {
            message_reading((uint8_t)a, (uint32_t)b, (int32_t)signed_value);
            put_sent();
        } else if (sscanf(line, "ack %lu %lu", &a, &b) == 2) {
            message_ack((uint32_t)a, (ack_code)b);
            put_sent();
        } else if (sscanf(line, "fault %lu %lu", &a, &c) == 2) {
            message_fault((uint8_t)a, (uint16_t)c);
            put_sent();
        } else if (strncmp(line, "bme280 ", 7) == 0) compensate(line + 7);
        else return 1;
    }
    return 0;
}
