/* Messages of the Firmata protocol, and what the board says: firmata-out.c. */
#ifndef TB_FIRMATA_H
#define TB_FIRMATA_H

#include <avr/pgmspace.h>
#include <stdbool.h>
#include <stdint.h>

#include "pins.h"

enum {
    DIGITAL = 0x90,
    REPORT_ANALOG = 0xc0,
    REPORT_DIGITAL = 0xd0,
    ANALOG = 0xe0,
    START_SYSEX = 0xf0,
    SET_PIN_MODE = 0xf4,
    SET_PIN = 0xf5,
    END_SYSEX = 0xf7,
    VERSION = 0xf9,
    SYSTEM_RESET = 0xff
};
enum {
    MAPPING_QUERY = 0x69,
    MAPPING = 0x6a,
    CAPABILITY_QUERY = 0x6b,
    CAPABILITIES = 0x6c,
    PIN_STATE_QUERY = 0x6d,
    PIN_STATE = 0x6e,
    EXTENDED_ANALOG = 0x6f,
    SERVO_LIMITS = 0x70,
    STRING = 0x71,
    I2C_REQUEST = 0x76,
    I2C_REPLY = 0x77,
    I2C_CONFIG = 0x78,
    FIRMWARE = 0x79,
    SAMPLING_INTERVAL = 0x7a,
    NONE = 0x7f
};

#define INPUTS (PINS - PIN_ANALOG_FIRST)

/*
 * Answers are owed until the line has room, and asked for twice they are owed once: no input can make the board
 * wait or forget.
 */
typedef struct {
    bool version, firmware, mapping, capabilities;
    bool states[PINS];
    bool reply;      /* of the two-wire bus: what `transfer` read, */
    uint16_t from;   /* beginning at this register */
    PGM_P trouble;   /* the last, in words of STRING_CHARS_MAX; NULL: none */
    uint8_t address; /* what a % in it stands for, in hexadecimal */
} debts;
#define STRING_CHARS_MAX 40
extern debts owed;

/* What was last written to each pin. */
extern uint16_t pin_values[PINS];

/* False while something is still owed: then nothing else may be said. */
bool pay(void);
/* `command low high`; false where the line has no room. */
bool say(uint8_t command, uint16_t value);

static inline uint16_t read14(const uint8_t *bytes) { return (uint16_t)(bytes[0] | bytes[1] << 7); }

/* firmata-bus.c. Nothing may be taken by it while it is busy, which ends by itself. */
bool bus_busy(void);
/* Busy with what the host asked for: the next of its messages comes after that. */
bool bus_obeys(void);
/* `length` bytes of a request after its kind. */
void bus_take(const uint8_t *bytes, uint8_t length);
/* Between what is written and what is read. */
void bus_pause(uint16_t us);
/* A sampling interval is over. */
void bus_sample(void);
/* Begins with what is to be read in this interval; nothing may be owed. */
void bus_watch(void);
/* True while it should be called again at once. */
bool bus_step(void);

#endif
