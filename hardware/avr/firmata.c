/*
 * Firmata 2.5 (github.com/firmata/protocol) for an Arduino Uno: what johnny-five needs of a board to read its
 * inputs and drive its outputs. Known and answered:
 *
 * | from host                                  | answer                                                  |
 * |--------------------------------------------|---------------------------------------------------------|
 * | ff reset                                   | none: every pin an input, nothing reported              |
 * | f9 version, f0 79 firmware                 | the same                                                |
 * | f0 6b capabilities, 69 analog mapping      | f0 6c, 6a                                               |
 * | f0 6d pin state                            | f0 6e                                                   |
 * | f4 pin mode, f5 pin, 9x port               | none                                                    |
 * | ex analog, f0 6f extended, 70 servo limits | none                                                    |
 * | dx, cx report a port, an analog input      | 9x when an input changes, ex every sampling interval    |
 * | f0 78 configures the two-wire bus          | none                                                    |
 * | f0 76 writes, reads, reads again and again | f0 77 when it was read                                  |
 * | f0 7a sampling interval                    | none                                                    |
 *
 * What is not known is skipped, as is a message that was cut off or is too long; f0 71 tells in words what went
 * wrong. Pins do not move until they are told to: a servo has no pulse before its first position.
 */
#include <avr/interrupt.h>
#include <avr/wdt.h>
#include <string.h>

#include "avr.h"
#include "firmata.h"
#include "port.h"
#include "transfer.h"

#define PORTS 3 /* eight pins each, the last has four */

/* The longest that is understood writes to the bus: f0 76, address, flags, two for each byte. */
#define COMMAND_BYTES_MAX (4 + 2 * TRANSFER_BYTES_MAX)

#define SAMPLING_MS 19
#define SERVO_DEGREES_MAX 180
#define SERVO_US_FIRST 544 /* what is less is an angle */
#define SERVO_US_LAST 2400

static struct {
    uint8_t bytes[COMMAND_BYTES_MAX];
    uint8_t length; /* 0: the rest of what arrives is of nothing that we know */
    bool waits;     /* for the bus: nothing more is taken from the line until then */
} message;

static bool chosen[PINS]; /* the host gave it its mode */

static struct {
    uint16_t min_us, max_us;
} servos[SERVOS];

static struct {
    bool reported, owed; /* owed: changed or not */
    uint8_t levels;      /* last told */
} ports[PORTS];

static struct {
    bool reported, waiting; /* waiting: for its turn in this interval */
} inputs[INPUTS];

static struct {
    uint8_t input; /* being converted; INPUTS: none */
    uint16_t interval_ms;
    uint16_t began_ms;
} sampling;

static const char BAD_MODE[] PROGMEM = "no such pin, or it cannot do that";
static const char TOO_LONG[] PROGMEM = "a message was too long";
static const char OVERRUN[] PROGMEM = "bytes were lost: send less at once";
static const char WATCHDOG[] PROGMEM = "restarted by the watchdog";

/* Pins */

static uint16_t servo_us(uint8_t pin, uint16_t value) {
    const uint16_t min = servos[pin - PIN_SERVO_FIRST].min_us, max = servos[pin - PIN_SERVO_FIRST].max_us;
    if (value >= SERVO_US_FIRST) return value < min ? min : value > max ? max : value;
    if (value > SERVO_DEGREES_MAX) value = SERVO_DEGREES_MAX;
    const uint16_t range = max - min; /* in two steps, so that 16 bits hold each */
    const uint16_t rest = range % SERVO_DEGREES_MAX * value / SERVO_DEGREES_MAX;
    return min + range / SERVO_DEGREES_MAX * value + rest;
}

static void set_mode(uint8_t pin, uint8_t mode) {
    if (!pin_can(pin, mode)) {
        owed.trouble = BAD_MODE;
        return;
    }
    pin_values[pin] = 0;
    chosen[pin] = true;
    pin_set_mode(pin, mode);
}

/*
 * High on an input asks for its pull-up: so do hosts from before there was a mode for it, and johnny-five. High on a
 * pin that was given no mode makes it an output: other firmwares begin with outputs, and some hosts rely on that.
 */
static void write_level(uint8_t pin, bool high) {
    if (!pin_can(pin, MODE_OUTPUT)) return;
    if (high && !chosen[pin]) set_mode(pin, MODE_OUTPUT);
    if (high && pin_mode(pin) == MODE_INPUT) set_mode(pin, MODE_PULLUP);
    if (pin_mode(pin) != MODE_OUTPUT) return;
    pin_values[pin] = high;
    pin_write(pin, high);
}

static void write_port(uint8_t port, uint8_t levels) {
    const uint8_t first = (uint8_t)(port * 8);
    for (uint8_t bit = 0; bit < 8; bit++, levels >>= 1) write_level((uint8_t)(first + bit), levels & 1);
}

static void write_analog(uint8_t pin, uint16_t value) {
    const uint8_t mode = pin < PINS ? pin_mode(pin) : NONE;
    if (mode == MODE_PWM) pwm_write(pin, (uint8_t)(value < 255 ? value : 255));
    else if (mode == MODE_SERVO) servo_pulse(pin, servo_us(pin, value));
    else {
        owed.trouble = BAD_MODE;
        return;
    }
    pin_values[pin] = value;
}

static void limit_servo(uint8_t pin, uint16_t min_us, uint16_t max_us) {
    if (!pin_can(pin, MODE_SERVO) || min_us >= max_us) {
        owed.trouble = BAD_MODE;
        return;
    }
    servos[pin - PIN_SERVO_FIRST].min_us = min_us;
    servos[pin - PIN_SERVO_FIRST].max_us = max_us;
    if (pin_mode(pin) != MODE_SERVO) set_mode(pin, MODE_SERVO);
}

static void reset(void) {
    for (uint8_t pin = PIN_SERVO_FIRST; pin < PINS; pin++) {
        set_mode(pin, pin < PIN_ANALOG_FIRST ? MODE_INPUT : MODE_ANALOG);
        chosen[pin] = false;
    }
    for (uint8_t servo = 0; servo < SERVOS; servo++) {
        servos[servo].min_us = SERVO_US_FIRST;
        servos[servo].max_us = SERVO_US_LAST;
    }
    memset(ports, 0, sizeof ports);
    memset(inputs, 0, sizeof inputs);
    message.length = 0;
    sampling.interval_ms = SAMPLING_MS;
}

/* Receiving */

/* Of a bus that is configured already, as it is for each of its devices, nothing changes but the pause. */
static void configure_bus(const uint8_t *bytes, uint8_t length) {
    for (uint8_t pin = PIN_BUS_FIRST; pin < PINS; pin++) {
        if (pin_mode(pin) != MODE_I2C) set_mode(pin, MODE_I2C);
    }
    if (length >= 2 && read14(bytes) > 0) bus_pause(read14(bytes));
}

/* `length` bytes after the kind; shorter ones say nothing. */
static void take_sysex(uint8_t kind, const uint8_t *bytes, uint8_t length) {
    switch (kind) {
    case FIRMWARE: owed.firmware = true; break;
    case CAPABILITY_QUERY: owed.capabilities = true; break;
    case MAPPING_QUERY: owed.mapping = true; break;
    case PIN_STATE_QUERY:
        if (length == 1 && bytes[0] < PINS) owed.states[bytes[0]] = true;
        break;
    case EXTENDED_ANALOG: /* 14 bits are enough for any pin of ours, higher ones saturate */
        if (length == 2) write_analog(bytes[0], bytes[1]);
        if (length > 2) write_analog(bytes[0], length > 3 && (bytes[3] || bytes[length - 1]) ? 0x3fff : read14(bytes + 1));
        break;
    case SERVO_LIMITS:
        if (length == 5) limit_servo(bytes[0], read14(bytes + 1), read14(bytes + 3));
        break;
    case I2C_CONFIG: configure_bus(bytes, length); break;
    case I2C_REQUEST: bus_take(bytes, length); break;
    case SAMPLING_INTERVAL:
        if (length == 2 && read14(bytes) > 0) sampling.interval_ms = read14(bytes);
        break;
    }
}

/* Bytes of a whole message that begins with `command`, also of those that nobody knows; 0: until its end mark. */
static uint8_t length_of(uint8_t command) {
    if (command < REPORT_ANALOG) return 3;
    if (command < ANALOG) return 2;
    if (command == START_SYSEX) return 0;
    return command <= SET_PIN ? 3 : 1;
}

static void take_message(const uint8_t *bytes) {
    const uint8_t command = bytes[0], number = command & 0x0f;
    switch (command < START_SYSEX ? command & 0xf0 : command) {
    case DIGITAL:
        if (number < PORTS) write_port(number, (uint8_t)read14(bytes + 1));
        break;
    case ANALOG: write_analog(number, read14(bytes + 1)); break;
    case SET_PIN_MODE: set_mode(bytes[1], bytes[2]); break;
    case SET_PIN: write_level(bytes[1], bytes[2]); break;
    case VERSION: owed.version = true; break;
    case REPORT_ANALOG:
        if (number >= INPUTS) break;
        inputs[number].reported = inputs[number].waiting = bytes[1];
        break;
    case REPORT_DIGITAL:
        if (number >= PORTS) break;
        ports[number].reported = ports[number].owed = bytes[1];
        break;
    }
}

/* Of the message that arrives, once it is known; else NONE. */
static uint8_t sysex_kind(void) {
    return message.length > 1 && message.bytes[0] == START_SYSEX ? message.bytes[1] : NONE;
}

static void take_end(void) {
    const uint8_t kind = sysex_kind();
    message.waits = kind == I2C_REQUEST && bus_busy();
    if (message.waits) return;
    if (kind != NONE) take_sysex(kind, message.bytes + 2, (uint8_t)(message.length - 2));
    message.length = 0;
}

/* Seven bits; but firmata-io writes the pause of the bus in bytes of eight, and StandardFirmata takes them. */
static bool is_data(uint8_t byte) { return byte < 0x80 || (sysex_kind() == I2C_CONFIG && message.length < 4); }

static void take(uint8_t byte) {
    if (byte == END_SYSEX) {
        take_end();
        return;
    }
    if (!is_data(byte)) {
        message.length = 0; /* what was unfinished stays so */
        if (byte == SYSTEM_RESET) {
            reset();
            return;
        }
    } else if (message.length == 0) return;
    if (message.length == COMMAND_BYTES_MAX) {
        message.length = 0;
        owed.trouble = TOO_LONG;
        return;
    }
    message.bytes[message.length++] = byte;
    if (message.length != length_of(message.bytes[0])) return;
    message.length = 0;
    take_message(message.bytes);
}

/* Reporting */

/* Only what is an input counts. */
static uint8_t levels_of(uint8_t port) {
    uint8_t levels = 0;
    for (uint8_t pin = (uint8_t)(port * 8 + 8); pin-- > port * 8;) {
        const bool input = pin_can(pin, MODE_INPUT) && (pin_mode(pin) == MODE_INPUT || pin_mode(pin) == MODE_PULLUP);
        levels = (uint8_t)(levels << 1 | (input && pin_read(pin)));
    }
    return levels;
}

static void report_levels(void) {
    for (uint8_t port = 0; port < PORTS; port++) {
        if (!ports[port].reported) continue;
        const uint8_t levels = levels_of(port);
        if (levels == ports[port].levels && !ports[port].owed) continue;
        if (!say(DIGITAL | port, levels)) continue;
        ports[port].levels = levels;
        ports[port].owed = false;
    }
}

/* One conversion at a time; what the line does not take stays converted until it does. */
static void report_samples(void) {
    const uint16_t now_ms = (uint16_t)port_now_ms();
    uint16_t value;
    if (sampling.input < INPUTS) {
        if (!adc_read(&value) || port_room() < 3) return;
        if (inputs[sampling.input].waiting) say(ANALOG | sampling.input, value);
        inputs[sampling.input].waiting = false;
    }
    for (uint8_t input = 0; input < INPUTS; input++) {
        if (!inputs[input].waiting || pin_mode((uint8_t)(PIN_ANALOG_FIRST + input)) != MODE_ANALOG) continue;
        sampling.input = input;
        adc_start(input);
        return;
    }
    sampling.input = INPUTS;
    if ((uint16_t)(now_ms - sampling.began_ms) < sampling.interval_ms) return;
    sampling.began_ms = now_ms;
    for (uint8_t input = 0; input < INPUTS; input++) inputs[input].waiting = inputs[input].reported;
    bus_sample();
}

int main(void) {
    uint16_t overruns = 0;
    clock_init();
    uart_init();
    adc_init();
    pwm_init();
    sampling.input = INPUTS;
    reset();
    wdt_enable(WDTO_1S);
    sei();
    owed.version = owed.firmware = true;
    if (chip_reset_by_watchdog()) owed.trouble = WATCHDOG;
    for (;;) {
        uint8_t byte;
        if (message.waits) take_end();
        while (!message.waits && !bus_obeys() && port_take(&byte)) take(byte);
        if (port_overruns() != overruns) owed.trouble = OVERRUN;
        overruns = port_overruns();
        if (pay()) {
            report_levels();
            report_samples();
            if (!message.waits) bus_watch();
        }
        if (bus_step()) chip_feed();
        else chip_idle();
    }
}
