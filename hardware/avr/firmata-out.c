/* What a Firmata board says: answers, paid when there is room for the whole of one, and reports. */
#include "firmata.h"

#include <stddef.h>

#include "port.h"
#include "transfer.h"

#define PROTOCOL_MAJOR 2
#define PROTOCOL_MINOR 5
#define FIRMWARE_MAJOR 1
#define FIRMWARE_MINOR 0
#define ANALOG_BITS 10
#define PWM_BITS 8
#define SERVO_BITS 14
#define I2C_BITS 1
/* The longest answer: 20 ends, 18 pins of three modes, six inputs, six PWMs, twelve servos, two of the bus. */
#define CAPABILITY_BYTES (3 + PINS + 18 * 3 * 2 + (INPUTS + 6 + SERVOS + 2) * 2)

static const char NAME[] PROGMEM = "tollbridge";

debts owed;
uint16_t pin_values[PINS];

/* Whoever calls put has asked for room. */
static void put(uint8_t byte) {
    port_put(0, byte);
    port_commit(1);
}

static void put14(uint16_t value) {
    put(value & 0x7f);
    put((value >> 7) & 0x7f);
}

static bool begin(uint8_t kind, uint16_t bytes) {
    if (port_room() < bytes) return false;
    put(START_SYSEX);
    put(kind);
    return true;
}

static bool end(void) {
    put(END_SYSEX);
    return true;
}

bool say(uint8_t command, uint16_t value) {
    if (port_room() < 3) return false;
    put(command);
    put14(value);
    return true;
}

static void put_digit(uint8_t digit) { put14((uint8_t)(digit < 10 ? '0' + digit : 'a' - 10 + digit)); }

static void put_string(PGM_P text) {
    for (char letter; (letter = (char)pgm_read_byte(text)) != 0; text++) {
        if (letter == '%') {
            put_digit(owed.address >> 4);
            put_digit(owed.address & 0x0f);
        } else put14((uint8_t)letter);
    }
}

static bool send_firmware(void) {
    if (!begin(FIRMWARE, 5 + 2 * sizeof NAME)) return false;
    put(FIRMWARE_MAJOR);
    put(FIRMWARE_MINOR);
    put_string(NAME);
    return end();
}

static bool send_trouble(void) {
    if (!begin(STRING, 3 + 2 * STRING_CHARS_MAX)) return false;
    put_string(owed.trouble);
    return end();
}

static bool send_mapping(void) {
    if (!begin(MAPPING, 3 + PINS)) return false;
    for (uint8_t pin = 0; pin < PINS; pin++) {
        put(pin < PIN_ANALOG_FIRST ? NONE : (uint8_t)(pin - PIN_ANALOG_FIRST));
    }
    return end();
}

static void put_capability(uint8_t pin, uint8_t mode, uint8_t bits) {
    if (!pin_can(pin, mode)) return;
    put(mode);
    put(bits);
}

static bool send_capabilities(void) {
    if (!begin(CAPABILITIES, CAPABILITY_BYTES)) return false;
    for (uint8_t pin = 0; pin < PINS; pin++) {
        put_capability(pin, MODE_INPUT, 1);
        put_capability(pin, MODE_PULLUP, 1);
        put_capability(pin, MODE_OUTPUT, 1);
        put_capability(pin, MODE_ANALOG, ANALOG_BITS);
        put_capability(pin, MODE_PWM, PWM_BITS);
        put_capability(pin, MODE_SERVO, SERVO_BITS);
        put_capability(pin, MODE_I2C, I2C_BITS);
        put(NONE);
    }
    return end();
}

/* Of an output what was written, of an input its pull-up. */
static bool send_state(uint8_t pin) {
    if (!begin(PIN_STATE, 7)) return false;
    put(pin);
    put(pin_mode(pin));
    put14(pin_mode(pin) == MODE_PULLUP ? 1 : pin_values[pin]);
    return end();
}

static bool send_reply(void) {
    if (!begin(I2C_REPLY, (uint16_t)(7 + 2 * transfer.reads))) return false;
    put14(transfer.address);
    put14(owed.from);
    for (uint8_t i = 0; i < transfer.reads; i++) put14(transfer.bytes[i]);
    return end();
}

static bool send_version(void) { return say(VERSION, PROTOCOL_MAJOR | PROTOCOL_MINOR << 7); }

static bool pay_one(bool *owes, bool (*send)(void)) {
    if (*owes) *owes = !send();
    return !*owes;
}

/* Nothing overtakes an answer that waits for room, else a long one waits for ever. */
bool pay(void) {
    if (!pay_one(&owed.capabilities, send_capabilities) || !pay_one(&owed.mapping, send_mapping) ||
        !pay_one(&owed.version, send_version) || !pay_one(&owed.firmware, send_firmware)) {
        return false;
    }
    for (uint8_t pin = 0; pin < PINS; pin++) {
        if (owed.states[pin]) owed.states[pin] = !send_state(pin);
        if (owed.states[pin]) return false;
    }
    if (owed.trouble && send_trouble()) owed.trouble = NULL;
    return owed.trouble == NULL && pay_one(&owed.reply, send_reply);
}
