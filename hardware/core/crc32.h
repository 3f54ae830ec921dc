/* CRC-32 of IEEE 802.3 (reflected 0xEDB88320, start and final inversion all ones). */
#ifndef TB_CRC32_H
#define TB_CRC32_H

#include <stdint.h>

/* Byte by byte: begin with CRC32_START; the CRC is the complement of what the last push returns. */
#define CRC32_START 0xffffffff
uint32_t crc32_push(uint32_t crc, uint8_t byte);

uint32_t crc32(const uint8_t *bytes, uint16_t length);

#endif
