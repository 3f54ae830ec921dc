/*
 * A board that pays, on this machine: the link and the payer over a line, a clock and a memory that a power cut
 * may hit at any byte. Told line by line on standard input; answers a line each.
 *
 *     power ADDRESS HEX   a memory that is erased but for these bytes, and the board starts
 *     reset               the board starts again
 *     cut N BYTE          at the Nth write from now the byte becomes BYTE and the board starts again
 *     send HEX            bytes arrive
 *     turn N              N turns of the main loop, a millisecond each; answers what was sent meanwhile
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "link.h"
#include "payer.h"
#include "port.h"
#include "storage.h"

#define LINE_MAX 16384
#define WRITE_TURNS 4 /* 3.4 ms */

static uint8_t memory[STORAGE_BYTES];
static uint32_t busy_until_ms, now_ms;
static unsigned long cut_after;
static uint8_t cut_byte;
static jmp_buf power_cut;

bool port_storage_ready(void) { return (int32_t)(now_ms - busy_until_ms) >= 0; }

uint8_t port_storage_read(uint16_t address) {
    if (!port_storage_ready() || address >= STORAGE_BYTES) abort();
    return memory[address];
}

void port_storage_write(uint16_t address, uint8_t byte) {
    if (!port_storage_ready() || address >= STORAGE_BYTES) abort();
    memory[address] = byte;
    busy_until_ms = now_ms + WRITE_TURNS;
    if (cut_after == 0 || --cut_after > 0) return;
    memory[address] = cut_byte;
    longjmp(power_cut, 1);
}

static uint8_t received[LINE_MAX], sent[LINE_MAX];
static uint16_t received_length, received_at, sent_length;

uint32_t port_now_ms(void) { return now_ms; }
bool port_take(uint8_t *byte) {
    if (received_at == received_length) return false;
    *byte = received[received_at++];
    return true;
}
uint16_t port_room(void) { return (uint16_t)(LINE_MAX - sent_length); }
void port_put(uint16_t offset, uint8_t byte) { sent[sent_length + offset] = byte; }
void port_commit(uint16_t length) { sent_length = (uint16_t)(sent_length + length); }
uint16_t port_overruns(void) { return 0; }

static const board_facts FACTS FLASH = {"valve", "1.0.0", {{"valve", "valve", "/", 0, ACTUATOR}}};
static channel channels[1];
static board valve;
static link line;
static payer money;

static ack_code command(uint8_t number, int32_t value) {
    (void)number;
    return value == 0 || value == 1 ? ACK_DONE : ACK_OUT_OF_RANGE;
}

static void start(void) {
    received_length = received_at = 0;
    busy_until_ms = now_ms;
    cut_after = 0;
    channels[0] = (channel){0, 0, 0, true};
    valve = (board){&FACTS, channels, 1, 0, {0}};
    storage_init();
    link_init(&line, &valve, command);
    payer_init(&money, &line);
    link_announce(&line);
}

static void turn(unsigned long count) {
    static volatile unsigned long turns; /* outlives a longjmp */
    turns = count;
    for (; turns > 0; turns--) {
        if (setjmp(power_cut) != 0) {
            start();
            continue;
        }
        link_poll(&line);
        payer_poll(&money);
        now_ms++;
    }
}

static uint16_t from_hex(const char *hex, uint8_t *bytes) {
    uint16_t length = 0;
    unsigned int byte;
    while (sscanf(hex + 2 * length, "%2x", &byte) == 1) bytes[length++] = (uint8_t)byte;
    return length;
}

int main(void) {
    static char text[LINE_MAX], hex[LINE_MAX];
    unsigned long a, b;
    while (fgets(text, sizeof text, stdin) != NULL) {
        hex[0] = 0;
        sent_length = 0;
        if (sscanf(text, "power %lu %s", &a, hex) >= 1) {
            memset(memory, 0xff, sizeof memory);
            from_hex(hex, memory + a);
            start();
        } else if (strcmp(text, "reset\n") == 0) start();
        else if (sscanf(text, "cut %lu %lu", &a, &b) == 2) {
            cut_after = a;
            cut_byte = (uint8_t)b;
        } else if (sscanf(text, "send %s", hex) == 1) {
            if (received_at == received_length) received_length = received_at = 0;
            received_length = (uint16_t)(received_length + from_hex(hex, received + received_length));
        } else if (sscanf(text, "turn %lu", &a) == 1) turn(a);
        else return 1;
        for (uint16_t i = 0; i < sent_length; i++) printf("%02x", sent[i]);
        puts(".");
    }
    return 0;
}
