/*
 * A board on its serial line: answers hello, commands and periods, sends readings and faults, and knows
 * when each channel is due.
 */
#ifndef TB_LINK_H
#define TB_LINK_H

#include "frame.h"
#include "message.h"
#include "provision.h"

/* 10 ms is what a BME280 conversion takes; a day is as rare as weather gets. 0 stops a channel. */
#define PERIOD_MS_MIN 10UL
#define PERIOD_MS_MAX 86400000UL

/* Counted since reset, sent when they change, at most once a second (serial.md section 4). */
typedef enum {
    FAULT_SENSOR_MISSING = 1, /* nothing, or something else, answers where the sensor should be */
    FAULT_SENSOR_SILENT,      /* the sensor answered at first, and then did not finish a measurement */
    FAULT_NOT_MEASURED,       /* the sensor works but does not measure one of its quantities */
    FAULT_FRAME_REFUSED,      /* received bytes that were no frame, or a frame that was no request */
    FAULT_RECEIVE_OVERRUN,    /* received bytes lost because the buffer was full */
    FAULT_READING_DROPPED,    /* the line was too slow: the reading's seq is missing */
    FAULT_READING_LATE,       /* the period is too short: readings were skipped, no seq is missing */
    FAULT_WATCHDOG,           /* the last reset was the watchdog's */
    FAULT_TICK,               /* a tick does not chain (meter.md) */
    FAULT_END
} fault;

/* What a board does beside its channels: meter.h, payer.h. */
typedef struct {
    void *self;
    /* Takes a message that the link does not know itself; false when it is no request of this role either. */
    bool (*answer)(void *self, message_kind kind, uint8_t items, cbor_reader *reader);
    /* An identity was sent. NULL: nothing to add. */
    void (*greeted)(void *self);
    /* May a sensor's reading be measured and sent; one was sent. NULL: always; nobody counts. */
    bool (*may_read)(void *self);
    void (*has_read)(void *self);
} link_role;
#define LINK_ROLES_MAX 2 /* a meter and a payer */

typedef struct {
    board *board;
    /* 0 and 1 for an actuator's states and so on: checks the range and acts. NULL on a board of sensors. */
    ack_code (*command)(uint8_t channel, int32_t value);
    bool greeted; /* a host said hello: until then the board keeps quiet */
    uint16_t faults[FAULT_END];
    uint16_t reported[FAULT_END];
    uint32_t reported_ms;
    const link_role *roles[LINK_ROLES_MAX];
    provision provision;
    frame_decoder decoder;
    uint8_t received[REQUEST_BYTES_MAX + FRAME_CRC_BYTES];
} link;

void link_init(link *link, board *board, ack_code (*command)(uint8_t channel, int32_t value));
/* The board does this too; `role` stays. */
void link_add(link *link, const link_role *role);
/* Announces the board unasked (nonce 0): after a reset, or when a channel came or went. */
void link_announce(link *link);
/* Answers what arrived and reports faults. Never waits. */
void link_poll(link *link);
/* True once per period while a host is there, present or not: what was unplugged is looked for again. */
bool link_due(link *link, uint8_t channel);
void link_reading(link *link, uint8_t channel, int32_t mantissa);
void link_fault(link *link, fault fault);

#endif
