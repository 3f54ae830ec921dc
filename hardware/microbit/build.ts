/**
 * Builds the micro:bit's firmware: `node --import tsx hardware/microbit/build.ts [FILE]` (default: the committed HEX).
 *
 * The HEX file is committed: whoever has a board copies it onto the drive that the board is. With the compiler
 * named here it comes out byte for byte the same, which the tests check.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll, Compiler, FIRMWARE, type Size } from '../compiler.ts';

export const COMPILER = new Compiler('arm-none-eabi-', '12.2.1', 'gcc-arm-none-eabi libnewlib-arm-none-eabi');

const CHIP = [
  ...['-mcpu=cortex-m0', '-mthumb'],
  ...['-nostartfiles', '--specs=nano.specs', '-T', 'microbit/microbit.ld'],
];

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(FIRMWARE, folder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => `${folder}/${name}`);

/** There are 245,760 bytes of flash, and 16,384 of RAM with the stack. */
export const buildFirmware = (hex: string): Size =>
  COMPILER.build([...CHIP, ...sourcesIn('microbit'), ...sourcesIn('core')], hex);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const hex = process.argv[2] ?? join(FIRMWARE, 'microbit', 'microbit.hex');
  buildAll(COMPILER, ['microbit'], () => buildFirmware(hex));
}
