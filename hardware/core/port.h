/* What the portable code asks of a chip. A port (avr/, later others) implements these and nothing more. */
#ifndef TB_PORT_H
#define TB_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since reset, wraps after 49.7 days: compare by difference only. */
uint32_t port_now_ms(void);

/* The serial line, 115,200 baud, 8N1, both ways buffered by interrupts. */
bool port_take(uint8_t *byte);
/* Bytes that fit into the send buffer now. Never falls but by port_commit. */
uint16_t port_room(void);
/* Writes behind what waits to be sent, in any order; `offset` is less than port_room(). Nothing is sent yet. */
void port_put(uint16_t offset, uint8_t byte);
/* The first `length` bytes put since the last commit are on their way. */
void port_commit(uint16_t length);
/* Bytes that arrived when the receive buffer was full, since reset (saturates). */
uint16_t port_overruns(void);

/*
 * Memory that outlives a reset, ff where it was never written. A write takes milliseconds: until
 * port_storage_ready() neither write nor read. A power cut may leave the byte being written at any value.
 */
bool port_storage_ready(void);
uint8_t port_storage_read(uint16_t address);
void port_storage_write(uint16_t address, uint8_t byte);

#endif
