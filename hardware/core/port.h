/* What the portable code asks of a chip. A port (avr/, later others) implements these and nothing more. */
#ifndef TB_PORT_H
#define TB_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since reset, wraps after 49.7 days: compare by difference only. */
uint32_t port_now_ms(void);

/* The serial line, 115,200 baud, 8N1, both ways buffered by interrupts. */
bool port_take(uint8_t *byte);
uint16_t port_room(void);
/* `length` bytes, at most port_room(). */
void port_send(const uint8_t *bytes, uint16_t length);
/* Bytes that arrived when the receive buffer was full, since reset (saturates). */
uint16_t port_overruns(void);

#endif
