/* The messages of a serial line, board side (schemas/spec/serial.md). */
#ifndef TB_MESSAGE_H
#define TB_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cbor.h"

#define SERIAL_PROTOCOL 2
/*
 * Longest message a host sends: [7, id u32, number u32, channel 32 bytes, seq u32, anchor 16 bytes, ticks u16,
 * base u32, window u16, mac 16 bytes] = 1 + 1 + 5 + 5 + 34 + 5 + 17 + 3 + 5 + 3 + 17.
 */
#define REQUEST_BYTES_MAX 96
#define SERIAL_NUMBER_BYTES 8

typedef enum { SENSOR = 0, ACTUATOR = 1 } direction;

/* What never changes about a channel; in program memory (flash.h). A text may fill its array without a zero. */
typedef struct {
    char name[12];
    char kind[12];
    char unit[4];     /* SenML (RFC 8428 section 12.1) */
    int8_t exponent;  /* value = mantissa * 10^exponent */
    uint8_t direction;
} channel_facts;

typedef struct {
    uint32_t period_ms; /* 0: silent, or on change only */
    uint32_t due_ms;
    uint32_t seq; /* of the next reading */
    bool present;
} channel;

/* What a board does beside its channels. */
typedef enum { ROLE_METER = 1, ROLE_METER_KEY = 2, ROLE_PAYER = 4, ROLE_PAYER_SECRET = 8 } role;

/* What never changes about a board; in program memory too. */
typedef struct {
    char board[16];
    char firmware[8];
    channel_facts channels[];
} board_facts;

typedef struct {
    const board_facts *facts;
    channel *channels;
    uint8_t channel_count;
    uint8_t roles; /* a sum of role */
    uint8_t serial[SERIAL_NUMBER_BYTES];
} board;

direction channel_direction(const board *board, uint8_t number);

/* The first item of every message. */
typedef enum {
    MESSAGE_HELLO = 0,
    MESSAGE_IDENTITY,
    MESSAGE_READING,
    MESSAGE_COMMAND,
    MESSAGE_ACK,
    MESSAGE_PERIOD,
    MESSAGE_FAULT,
    MESSAGE_INSTALL,
    MESSAGE_TICK,
    MESSAGE_METER,
    MESSAGE_CHAIN,
    MESSAGE_CHAINED,
    MESSAGE_RELEASE,
    MESSAGE_PROVISION,
    MESSAGE_NONE = 255
} message_kind;

/* Answers to a request; numbers of the one table of codes (schemas/result.ts). */
typedef enum {
    ACK_DONE = 0,
    ACK_SIGNATURE_INVALID = 22,
    ACK_OUT_OF_RANGE = 25,
    ACK_CHANNEL_UNKNOWN = 40,
    ACK_STALE = 60,
    ACK_NO_CHAIN = 64,
    ACK_BEYOND_CHAIN = 65,
    ACK_NOT_AUTHORISED = 93,
    ACK_BUSY = 110
} ack_code;

/* A hello, command or period. */
typedef struct {
    message_kind kind; /* MESSAGE_NONE: none of them */
    uint32_t id;       /* of a command or period; the nonce of a hello */
    uint8_t channel;   /* 255 for anything above: no board has it */
    int32_t value;     /* of a command */
    uint32_t number;   /* the protocol of a hello, the milliseconds of a period */
} request;

/* Items and kind of a message; the reader is left at what follows them. */
uint8_t message_open(cbor_reader *reader, message_kind *kind);
/* What follows the kind. */
request message_decode(cbor_reader *reader, uint8_t items, message_kind kind);

/* A message of a role: begun here, put with cbor_put_*, ended with frame_end(). */
void message_begin(uint8_t items, message_kind kind);

/* Each is false where it found no room on the line; then nothing of it is sent. */
bool message_identity(const board *board, uint32_t nonce);
bool message_reading(uint8_t channel, uint32_t seq, int32_t mantissa);
bool message_ack(uint32_t id, ack_code code);
bool message_fault(uint8_t fault, uint16_t count);

#endif
