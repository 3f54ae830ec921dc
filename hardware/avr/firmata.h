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
    PGM_P trouble; /* the last, in words of STRING_CHARS_MAX; NULL: none */
} debts;
#define STRING_CHARS_MAX 40
extern debts owed;

/* What was last written to each pin. */
extern uint16_t pin_values[PINS];

/* False while something is still owed: then nothing else may be said. */
bool pay(void);
/* `command low high`; false where the line has no room. */
bool say(uint8_t command, uint16_t value);

#endif
