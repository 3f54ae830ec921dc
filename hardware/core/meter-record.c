#include <string.h>

#include "big-endian.h"
#include "crc32.h"
#include "meter-parts.h"

/*
 * A record: mark u16be, then the CRC-32 of number u32be and mark. The number is not stored: records of other
 * installations do not have the right CRC. The mark is index * 32 + starts, so that a newer one is larger.
 */
#define RECORDS ((STORAGE_BYTES - STORAGE_RING) / METER_RECORD_BYTES)
#define STARTS_BITS 5
#define STARTS_MAX 31 /* more than enough to shift a window of 16 bits to nothing */

/* The first start after a tick costs its owner a whole window at most, each one after it half of the one before. */
uint16_t meter_window(const meter *meter) {
    const uint8_t halvings = meter->starts < 2 ? 0 : (uint8_t)(meter->starts - 1);
    return (uint16_t)((uint32_t)meter->window >> halvings);
}

/* A tick far ahead of the records counts in part until it is on record: a reset must not forget more. */
uint16_t meter_counted(const meter *meter) {
    const uint16_t most = (uint16_t)(meter->marked + METER_STRIDE);
    return meter->index < most ? meter->index : most;
}

bool meter_is_settled(const meter *meter) {
    const bool ended = meter->starts == 0 || meter->index == meter->marked;
    return meter->starts == meter->starts_now && ended && meter->index == meter_counted(meter);
}

static void make_record(uint8_t record[METER_RECORD_BYTES], uint32_t number, uint16_t mark) {
    uint8_t bytes[6];
    put_u32(bytes, number);
    put_u16(bytes + 4, mark);
    put_u16(record, mark);
    put_u32(record + 2, crc32(bytes, sizeof bytes));
}

static uint16_t record_address(uint8_t at) { return (uint16_t)(STORAGE_RING + at * METER_RECORD_BYTES); }

void meter_load_record(meter *meter) {
    uint16_t newest = 0;
    meter->record_at = (uint8_t)(meter->number % RECORDS); /* where there is none: anywhere, all places alike */
    for (uint8_t at = 0; at < RECORDS; at++) {
        uint8_t stored[METER_RECORD_BYTES];
        uint8_t expected[METER_RECORD_BYTES];
        storage_read(record_address(at), stored, sizeof stored);
        const uint16_t mark = get_u16(stored);
        if (mark <= newest || mark >> STARTS_BITS > meter->ticks) continue;
        make_record(expected, meter->number, mark);
        if (memcmp(stored, expected, sizeof stored) != 0) continue;
        newest = mark;
        meter->record_at = at;
    }
    meter->marked = newest >> STARTS_BITS;
    meter->starts = newest & STARTS_MAX;
    meter->index = meter->marked;
    meter->delivered = meter->base + meter->index;
    /* A start that could give nothing any more is not worth a record. */
    meter->starts_now = (uint8_t)(meter->starts + (meter_window(meter) > 0));
}

static void begin_record(meter *meter, uint8_t starts) {
    make_record(meter->record, meter->number, (uint16_t)(meter->index << STARTS_BITS | starts));
    meter->record_at = (uint8_t)((meter->record_at + 1) % RECORDS);
    meter->recording = storage_write(record_address(meter->record_at), meter->record, METER_RECORD_BYTES);
}

/*
 * A start is on record before it gives credit. The first tick after it ends the count, and is on record before
 * the window is whole again: else the ticks since the last record would end it again after each reset.
 */
void meter_poll_record(meter *meter) {
    if (!storage_idle()) return;
    if (meter->recording) {
        const uint16_t mark = get_u16(meter->record);
        meter->marked = mark >> STARTS_BITS;
        meter->starts = meter->starts_now = mark & STARTS_MAX;
        meter->recording = false;
    }
    const uint16_t unmarked = (uint16_t)(meter->index - meter->marked);
    if (meter->starts < meter->starts_now) begin_record(meter, meter->starts_now);
    else if (unmarked >= METER_STRIDE || (unmarked > 0 && meter->starts > 0)) begin_record(meter, 0);
}
