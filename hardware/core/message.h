/* The messages of a serial line, board side (schemas/spec/serial.md). */
#ifndef TB_MESSAGE_H
#define TB_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_PROTOCOL 2
/* Longest message a host sends: [5, id u32, channel, periodMs u32] = 1 + 1 + 5 + 2 + 5. */
#define REQUEST_BYTES_MAX 14
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

/* Answers to a command or period; numbers of the one table of codes (schemas/result.ts). */
typedef enum { ACK_DONE = 0, ACK_OUT_OF_RANGE = 25, ACK_CHANNEL_UNKNOWN = 40 } ack_code;

typedef enum { REQUEST_HELLO = 0, REQUEST_COMMAND = 3, REQUEST_PERIOD = 5, REQUEST_BAD = 255 } request_kind;

typedef struct {
    request_kind kind;
    uint32_t id;     /* of a command or period; the nonce of a hello */
    uint8_t channel; /* 255 for anything above: no board has it */
    int32_t value;   /* of a command */
    uint32_t number; /* the protocol of a hello, the milliseconds of a period */
} request;

request message_decode(const uint8_t *bytes, uint16_t length);

/* Each is false where it found no room on the line; then nothing of it is sent. */
bool message_identity(const board *board, uint32_t nonce);
bool message_reading(uint8_t channel, uint32_t seq, int32_t mantissa);
bool message_ack(uint32_t id, ack_code code);
bool message_fault(uint8_t fault, uint16_t count);

#endif
