/* One transfer on the two-wire bus, a step at a time: for a board that serves its line and its pins meanwhile. */
#ifndef TB_TRANSFER_H
#define TB_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#define TRANSFER_BYTES_MAX 32 /* as many as Arduino's Wire holds: no host asks for more */

typedef enum {
    TRANSFER_RUNS,
    TRANSFER_DONE,
    TRANSFER_SILENT, /* nothing acknowledged the address */
    TRANSFER_BROKEN, /* a byte was not acknowledged, or the bus did not go on for TRANSFER_MS_MAX */
    TRANSFER_STUCK   /* a line is low that nobody should hold */
} transfer_state;

/* First it writes, then it reads; either may be of no bytes. */
typedef struct {
    uint8_t address, writes, reads;
    bool restart;                      /* in between, where others stop */
    uint16_t pause_ms;                 /* in between, at least; 0: none */
    uint8_t bytes[TRANSFER_BYTES_MAX]; /* to write, then those that were read */
} two_wire_transfer;
extern two_wire_transfer transfer;

void transfer_begin(void);
/* To be called until it runs no more. Takes microseconds, but where it frees the bus 90 of them. */
transfer_state transfer_step(void);
/* Lets go of the bus at once. */
void transfer_abort(void);

#endif
