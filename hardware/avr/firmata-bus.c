/*
 * The two-wire bus of a Firmata board (i2c.md of the protocol): one transfer at a time. What a host asks for goes
 * before what is read again every sampling interval, and a reply is a debt like any other answer.
 */
#include <avr/pgmspace.h>
#include <stddef.h>
#include <string.h>

#include "firmata.h"
#include "transfer.h"

#define WATCHES_MAX 8 /* as StandardFirmata has */
#define LONG_REGISTER 0x100 /* from here on a register is two bytes, the high one first */

enum { RESTART = 0x40, TEN_BITS = 0x20, KIND = 0x18, WRITE = 0x00, READ = 0x08, WATCH = 0x10, STOP = 0x18 };

/* Bytes to read, or none: then it was a write. */
typedef struct {
    uint8_t address, bytes;
    uint16_t from;            /* a register; 0 where it has none */
    uint8_t register_bytes;
    bool restart;
} bus_read;

typedef struct {
    bus_read read; /* of no bytes: a free place */
    bool ill;      /* told once, until it is well again */
} watch;

static watch watches[WATCHES_MAX];
static uint8_t turn; /* of the watches in this interval; WATCHES_MAX: all had theirs */
static watch once;
static watch *current; /* last begun */
static bool runs;
static uint16_t pause_ms;

static const char SILENT[] PROGMEM = "no answer on the two-wire bus from 0x%";
static const char BROKEN[] PROGMEM = "the two-wire bus broke off at 0x%";
static const char STUCK[] PROGMEM = "SDA (A4) or SCL (A5) is held low";
static const char OFF[] PROGMEM = "the two-wire bus is not configured";
static const char WIDE[] PROGMEM = "ten-bit addresses are not known";
static const char LENGTH[] PROGMEM = "1 to 32 bytes are read at once";
static const char MANY[] PROGMEM = "eight continuous reads at most";

bool bus_busy(void) { return runs || owed.reply; }

bool bus_obeys(void) { return bus_busy() && current == &once; }

static bool bus_is_on(void) {
    return pin_mode(PIN_BUS_FIRST) == MODE_I2C && pin_mode(PIN_BUS_FIRST + 1) == MODE_I2C;
}

void bus_pause(uint16_t us) { pause_ms = us / 1000 + 3; /* a tick of the clock may be 2 ms, and be about to come */ }

void bus_stop(void) {
    transfer_abort();
    runs = owed.reply = false;
    pause_ms = 0;
    memset(watches, 0, sizeof watches);
}

static void begin(watch *of) {
    current = of;
    runs = true;
    transfer.address = of->read.address;
    transfer.reads = of->read.bytes;
    transfer.restart = of->read.restart;
    transfer.pause_ms = pause_ms;
    transfer_begin();
}

static void begin_read(watch *of) {
    const uint16_t from = of->read.from;
    transfer.writes = of->read.register_bytes;
    transfer.bytes[0] = (uint8_t)(from >= LONG_REGISTER ? from >> 8 : from);
    transfer.bytes[1] = (uint8_t)from;
    begin(of);
}

/* One that is watched already keeps its place. */
static void add_watch(const bus_read *read) {
    watch *place = NULL;
    for (watch *at = watches + WATCHES_MAX; at-- > watches;) {
        if (memcmp(&at->read, read, sizeof *read) == 0) return;
        if (at->read.bytes == 0) place = at;
    }
    if (place == NULL) {
        owed.trouble = MANY;
        return;
    }
    place->read = *read;
    place->ill = false;
}

static void take_read(const uint8_t *bytes, uint8_t length, bool again) {
    const bool named = length == 4;
    if (length != 2 && !named) return;
    const uint16_t count = read14(bytes + length - 2);
    if (count == 0 || count > TRANSFER_BYTES_MAX) {
        owed.trouble = LENGTH;
        return;
    }
    once.read.bytes = (uint8_t)count;
    once.read.from = named ? read14(bytes) : 0;
    once.read.register_bytes = !named ? 0 : once.read.from >= LONG_REGISTER ? 2 : 1;
    if (again) add_watch(&once.read);
    else begin_read(&once);
}

static void take_write(const uint8_t *bytes, uint8_t length) {
    once.read.bytes = 0;
    transfer.writes = length / 2;
    for (uint8_t i = 0; i < transfer.writes; i++) transfer.bytes[i] = (uint8_t)read14(bytes + 2 * i);
    begin(&once);
}

static void remove_watches(uint8_t address) {
    for (watch *at = watches; at < watches + WATCHES_MAX; at++) {
        if (at->read.address == address) at->read.bytes = 0;
    }
}

void bus_take(const uint8_t *bytes, uint8_t length) {
    if (length < 2) return;
    const uint8_t address = bytes[0], flags = bytes[1], kind = flags & KIND;
    if (flags & TEN_BITS || !bus_is_on()) {
        owed.trouble = flags & TEN_BITS ? WIDE : OFF;
        return;
    }
    once.ill = false;
    once.read.address = address;
    once.read.restart = flags & RESTART;
    bytes += 2;
    length = (uint8_t)(length - 2);
    if (kind == WRITE) take_write(bytes, length);
    else if (kind == STOP) remove_watches(address);
    else take_read(bytes, length, kind == WATCH);
}

/* Where an interval is too short for all, the rest of them comes first in the next. */
void bus_sample(void) {
    if (turn == WATCHES_MAX) turn = 0;
}

void bus_watch(void) {
    while (!runs && turn < WATCHES_MAX) {
        watch *next = &watches[turn++];
        if (next->read.bytes > 0) begin_read(next);
    }
}

static void fail(PGM_P why) {
    if (!current->ill) {
        owed.trouble = why;
        owed.address = current->read.address;
    }
    current->ill = true;
}

bool bus_step(void) {
    if (!runs) return false;
    const transfer_state state = transfer_step();
    runs = state == TRANSFER_RUNS;
    switch (state) {
    case TRANSFER_RUNS: break;
    case TRANSFER_DONE:
        current->ill = false;
        owed.reply = current->read.bytes > 0;
        owed.from = current->read.from;
        break;
    case TRANSFER_SILENT: fail(SILENT); break;
    case TRANSFER_BROKEN: fail(BROKEN); break;
    case TRANSFER_STUCK: fail(STUCK); break;
    }
    return runs;
}
