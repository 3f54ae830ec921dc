/*
 * A board on this machine: its line, its clock, and a memory that a power cut may hit at any byte. Included by a
 * program that says what the board is: start_board() and turn_board(). Told line by line on standard input;
 * answers a line each: what the board sent meanwhile, and a full stop.
 *
 *     power ADDRESS HEX   a memory that is erased but for these bytes, and the board starts
 *     reset               the board starts again
 *     cut N BYTE          at the Nth write from now the byte becomes BYTE and the board starts again; 256: as it
 *                         was to be written, 257: as it was before
 *     send HEX            bytes arrive
 *     turn N              N turns of the main loop, a millisecond each
 *     writes              how many bytes were written since `power`, instead of what was sent
 */
#ifndef TB_HOST_BOARD_H
#define TB_HOST_BOARD_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "storage.h"

#define LINE_MAX 65536
#define WRITE_TURNS 4 /* 3.4 ms */
enum { CUT_AFTER_WRITE = 256, CUT_BEFORE_WRITE = 257 };

static void start_board(void);
static void turn_board(void);

static uint8_t memory[STORAGE_BYTES];
static uint32_t busy_until_ms, now_ms;
static unsigned long writes, cut_at; /* cut_at 0: never */
static unsigned int cut_byte;
static jmp_buf power_cut;

bool port_storage_ready(void) { return (int32_t)(now_ms - busy_until_ms) >= 0; }

uint8_t port_storage_read(uint16_t address) {
    if (!port_storage_ready() || address >= STORAGE_BYTES) abort();
    return memory[address];
}

void port_storage_write(uint16_t address, uint8_t byte) {
    if (!port_storage_ready() || address >= STORAGE_BYTES) abort();
    const bool cut = ++writes == cut_at;
    if (!cut || cut_byte == CUT_AFTER_WRITE) memory[address] = byte;
    else if (cut_byte != CUT_BEFORE_WRITE) memory[address] = (uint8_t)cut_byte;
    busy_until_ms = now_ms + WRITE_TURNS;
    if (cut) longjmp(power_cut, 1);
}

static uint8_t received[LINE_MAX], sent[LINE_MAX];
static uint16_t received_length, received_at, sent_length;

uint32_t port_now_ms(void) { return now_ms; }
bool port_take(uint8_t *byte) {
    if (received_at == received_length) return false;
    *byte = received[received_at++];
    return true;
}
uint16_t port_room(void) { return (uint16_t)(LINE_MAX - 1 - sent_length); }
void port_put(uint16_t offset, uint8_t byte) {
    if (offset >= port_room()) abort();
    sent[sent_length + offset] = byte;
}
void port_commit(uint16_t length) { sent_length = (uint16_t)(sent_length + length); }
uint16_t port_overruns(void) { return 0; }

static void start(void) {
    received_length = received_at = 0;
    busy_until_ms = now_ms;
    cut_at = 0;
    start_board();
}

static void turn(unsigned long count) {
    static volatile unsigned long turns; /* outlives a longjmp */
    turns = count;
    for (; turns > 0; turns--) {
        if (setjmp(power_cut) != 0) {
            start();
            continue;
        }
        turn_board();
        now_ms++;
    }
}

static uint16_t from_hex(const char *hex, uint8_t *bytes) {
    uint16_t length = 0;
    unsigned int byte;
    while (sscanf(hex + 2 * length, "%2x", &byte) == 1) bytes[length++] = (uint8_t)byte;
    return length;
}

static bool obey(const char *text) {
    static char hex[LINE_MAX];
    unsigned long a;
    unsigned int byte;
    hex[0] = 0;
    if (sscanf(text, "power %lu %s", &a, hex) >= 1) {
        memset(memory, 0xff, sizeof memory);
        from_hex(hex, memory + a);
        writes = 0;
        start();
    } else if (strcmp(text, "reset\n") == 0) {
        start();
    } else if (sscanf(text, "cut %lu %u", &a, &byte) == 2) {
        cut_at = writes + a;
        cut_byte = byte;
    } else if (sscanf(text, "send %s", hex) == 1) {
        if (received_at == received_length) received_length = received_at = 0;
        received_length = (uint16_t)(received_length + from_hex(hex, received + received_length));
    } else if (sscanf(text, "turn %lu", &a) == 1) {
        turn(a);
    } else if (strcmp(text, "writes\n") == 0) {
        printf("%lu", writes);
    } else {
        return false;
    }
    return true;
}

int main(void) {
    static char text[LINE_MAX];
    while (fgets(text, sizeof text, stdin) != NULL) {
        sent_length = 0;
        if (!obey(text)) return 1;
        for (uint16_t i = 0; i < sent_length; i++) printf("%02x", sent[i]);
        puts(".");
    }
    return 0;
}

#endif
