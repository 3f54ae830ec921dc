/*
 * The memory that outlives a reset, as a log in the flash: bits can only be cleared one word at a time, and set
 * again only by erasing a page.
 *
 * Two areas of 8 pages. An area is a header word and a word for each write; the later write of an address counts.
 *
 *     header   0x54420000 | generation u16      the highest valid generation is in force
 *     write    address u16 << 16 | byte << 8 | ~byte
 *
 * A full area is copied, only what is not ff, to the other one, whose header is written last: a power cut
 * leaves one area or the other. A word that a power cut tore is not its own complement and is passed over.
 */
#include <string.h>

#include "microbit.h"
#include "port.h"
#include "storage.h"

#define AREA_PAGES 8
#define AREA_WORDS (AREA_PAGES * FLASH_PAGE_BYTES / 4)
#define AREA_AT(area) ((volatile uint32_t *)(0x0003c000u + (uint32_t)(area)*AREA_PAGES * FLASH_PAGE_BYTES))
#define HEADER 0x54420000u
#define ERASED UINT32_MAX

static uint8_t mirror[STORAGE_BYTES];
static uint8_t area;
static uint16_t used; /* words of the area */

static void wait_ready(void) {
    while ((NVMC_READY & 1u) == 0) {}
}

static void write_word(volatile uint32_t *at, uint32_t word) {
    NVMC_CONFIG = NVMC_WRITE;
    *at = word;
    wait_ready();
    NVMC_CONFIG = NVMC_READ;
}

static void erase_area(uint8_t which) {
    NVMC_CONFIG = NVMC_ERASE;
    for (uint32_t page = 0; page < AREA_PAGES; page++) {
        NVMC_ERASEPAGE = (uint32_t)(uintptr_t)AREA_AT(which) + page * FLASH_PAGE_BYTES;
        wait_ready();
    }
    NVMC_CONFIG = NVMC_READ;
}

static uint32_t entry_of(uint16_t address, uint8_t byte) {
    return (uint32_t)address << 16 | (uint32_t)byte << 8 | (uint8_t)~byte;
}

static void append(uint16_t address, uint8_t byte) {
    write_word(AREA_AT(area) + used, entry_of(address, byte));
    used++;
}

/* Half of an area is free afterwards, at least. */
static void begin_area(uint8_t which, uint16_t generation) {
    erase_area(which);
    area = which;
    used = 1;
    for (uint16_t i = 0; i < STORAGE_BYTES; i++) {
        if (mirror[i] != 0xff) append(i, mirror[i]);
    }
    write_word(AREA_AT(which), HEADER | generation);
}

static bool is_in_force(uint8_t which) {
    const uint32_t mine = *AREA_AT(which);
    const uint32_t other = *AREA_AT(1 - which);
    if ((mine & 0xffff0000u) != HEADER) return false;
    return (other & 0xffff0000u) != HEADER || (int16_t)(mine - other) > 0;
}

void flash_log_init(void) {
    memset(mirror, 0xff, sizeof mirror);
    if (!is_in_force(0) && !is_in_force(1)) {
        begin_area(0, 0);
        return;
    }
    area = is_in_force(0) ? 0 : 1;
    for (used = 1; used < AREA_WORDS && AREA_AT(area)[used] != ERASED; used++) {
        const uint32_t word = AREA_AT(area)[used];
        const uint16_t address = (uint16_t)(word >> 16);
        const uint8_t byte = (uint8_t)(word >> 8);
        if (address < STORAGE_BYTES && word == entry_of(address, byte)) mirror[address] = byte;
    }
}

bool port_storage_ready(void) { return true; }

uint8_t port_storage_read(uint16_t address) { return mirror[address]; }

void port_storage_write(uint16_t address, uint8_t byte) {
    mirror[address] = byte;
    if (used < AREA_WORDS) append(address, byte);
    else begin_area((uint8_t)(1 - area), (uint16_t)(*AREA_AT(area) + 1));
}
