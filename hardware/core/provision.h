/* Serial number, meter key and payer secret: each is written once, while it is erased (schemas/spec/meter.md). */
#ifndef TB_PROVISION_H
#define TB_PROVISION_H

#include "message.h"

typedef struct {
    bool active;  /* until it is durable the request must stay where it was received */
    bool writing;
    uint8_t slot;
    uint32_t id;
    uint8_t *bytes;
} provision;

/* Takes the rest of a message of this kind; false when it is malformed. */
bool provision_begin(provision *provision, uint8_t items, cbor_reader *reader);
/* Goes on with it; true when the board's identity is another one now. Called once per turn of the main loop. */
bool provision_poll(provision *provision, board *board);

#endif
