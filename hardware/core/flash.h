/* Constants that stay in program memory where that is a memory of its own (AVR), and plain ones elsewhere. */
#ifndef TB_FLASH_H
#define TB_FLASH_H

#include <stdint.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#define FLASH PROGMEM
#define flash_byte(at) pgm_read_byte(at)
#define flash_u32(at) pgm_read_dword(at)
#else
#define FLASH
#define flash_byte(at) (*(const uint8_t *)(at))
#define flash_u32(at) (*(const uint32_t *)(at))
#endif

#endif
