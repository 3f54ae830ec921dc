/* A board with two sensors, a valve and a meter, on this machine. */
#include "host-board.h"

#include "flash.h"
#include "link.h"
#include "meter.h"

enum { FAST, SLOW, VALVE, CHANNELS };

static const board_facts FACTS FLASH = {
    "metered",
    "1.0.0",
    {
        {"fast", "temperature", "Cel", -2, SENSOR},
        {"slow", "pressure", "Pa", 0, SENSOR},
        {"valve", "valve", "/", 0, ACTUATOR},
    },
};
static channel channels[CHANNELS];
static board metered;
static link line;
static meter credit;
static uint32_t measured; /* since power: the host sees what was measured for nothing */

static ack_code command(uint8_t number, int32_t value) {
    if (value != 0 && value != 1) return ACK_OUT_OF_RANGE;
    link_reading(&line, number, value);
    return ACK_DONE;
}

static void start_board(void) {
    channels[FAST] = (channel){1, 0, 0, true};
    channels[SLOW] = (channel){4, 0, 0, true};
    channels[VALVE] = (channel){0, 0, 0, true};
    metered = (board){&FACTS, channels, CHANNELS, 0, {0}};
    link_init(&line, &metered, command);
    meter_init(&credit, &line);
    link_announce(&line);
}

static void turn_board(void) {
    link_poll(&line);
    for (uint8_t i = 0; i < VALVE; i++) {
        if (link_due(&line, i)) link_reading(&line, i, (int32_t)++measured);
    }
    meter_poll(&credit);
}
