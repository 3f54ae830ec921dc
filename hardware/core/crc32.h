/* CRC-32 of IEEE 802.3 (reflected 0xEDB88320, start and final inversion all ones). */
#ifndef TB_CRC32_H
#define TB_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const uint8_t *bytes, size_t length);

#endif
