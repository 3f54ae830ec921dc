/* A valve that pays, on this machine (host-board.h). */
#include "flash.h"
#include "link.h"
#include "payer.h"

#include "host-board.h"

static const board_facts FACTS FLASH = {"valve", "1.0.0", {{"valve", "valve", "/", 0, ACTUATOR}}};
static channel channels[1];
static board valve;
static link line;
static payer money;

static ack_code command(uint8_t number, int32_t value) {
    (void)number;
    return value == 0 || value == 1 ? ACK_DONE : ACK_OUT_OF_RANGE;
}

static void start_board(void) {
    channels[0] = (channel){0, 0, 0, true};
    valve = (board){&FACTS, channels, 1, 0, {0}};
    link_init(&line, &valve, command);
    payer_init(&money, &line);
    link_announce(&line);
}

static void turn_board(void) {
    link_poll(&line);
    payer_poll(&money);
}
