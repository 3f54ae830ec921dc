#include "crc32.h"

#include "flash.h"

/*
 * The usual table of 256 entries is the sum of these two, by the low and the high half of a byte: 128 bytes
 * instead of 1,024, and no shift but by whole bytes, which costs an 8-bit chip nothing.
 */
static const uint32_t LOW[16] FLASH = {
    0x00000000, 0x77073096, 0xee0e612c, 0x990951ba, 0x076dc419, 0x706af48f, 0xe963a535, 0x9e6495a3,
    0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988, 0x09b64c2b, 0x7eb17cbd, 0xe7b82d07, 0x90bf1d91,
};
static const uint32_t HIGH[16] FLASH = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t crc32_push(uint32_t crc, uint8_t byte) {
    const uint8_t at = (uint8_t)crc ^ byte;
    return (crc >> 8) ^ flash_u32(&LOW[at & 15]) ^ flash_u32(&HIGH[at >> 4]);
}

uint32_t crc32(const uint8_t *bytes, uint16_t length) {
    uint32_t crc = CRC32_START;
    for (uint16_t i = 0; i < length; i++) crc = crc32_push(crc, bytes[i]);
    return ~crc;
}
