/**
 * Builds the firmware: `node --import tsx hardware/avr/build.ts [FOLDER]` (default: this folder).
 *
 * The HEX files are committed, so that nobody needs a compiler to run a board; with the compiler named here
 * they come out byte for byte the same, which the tests check.
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll, Compiler, FIRMWARE, type Size } from '../compiler.ts';

export const COMPILER = new Compiler('avr-', '5.4.0', 'gcc-avr avr-libc');
export const BOARDS = ['station', 'valve', 'firmata'] as const;
export type BoardName = (typeof BOARDS)[number];

export const CHIP = ['-mmcu=atmega328p', '-DF_CPU=16000000UL'];
const PORT = ['adc', 'chip', 'clock', 'eeprom', 'twi', 'uart'].map((name) => `avr/${name}.c`);
export const CORE = [
  ...['bme280', 'cbor', 'crc32', 'frame', 'hmac', 'link', 'message', 'meter', 'meter-install'],
  ...['meter-record', 'payer', 'pebbles', 'provision', 'sha256', 'storage', 'tick'],
].map((name) => `core/${name}.c`);
/** Calls take half of the firmware: fewer, short ones, and one place for what each function saves on the stack. */
const CORE_FLAGS = ['-flto', '-mrelax', '-mcall-prologues', '-fshort-enums'];
/** Firmata is another protocol: of ours it has the chip alone, at the speed that its hosts expect. */
const FIRMATA_PORT = [
  ...['adc', 'chip', 'eeprom', 'firmata-bus', 'firmata-out', 'pins', 'pwm', 'servo', 'transfer', 'uart'],
].map((name) => `avr/${name}.c`);
/** Requests wait in the receive buffer while the two-wire bus is busy with the one before. */
const FIRMATA_FLAGS = ['-DBAUD=57600', '-DRECEIVE_BYTES=128', '-flto', '-mrelax'];

/** There are 32,256 bytes of flash beside a boot loader, and 2,048 of RAM with the stack. */
export const buildFirmware = (board: BoardName, hex: string, core: readonly string[] = CORE): Size => {
  const parts = board === 'firmata' ? [...FIRMATA_FLAGS, ...FIRMATA_PORT] : [...CORE_FLAGS, ...PORT, ...core];
  return COMPILER.build([...CHIP, `avr/${board}.c`, ...parts], hex);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(FIRMWARE, 'avr');
  buildAll(COMPILER, BOARDS, (board) => buildFirmware(board, join(folder, `${board}.hex`)));
}
