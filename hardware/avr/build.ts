/**
 * Builds the firmware: `node --import tsx hardware/avr/build.ts [FOLDER]` (default: this folder).
 *
 * The HEX files are committed, so that nobody needs a compiler to run a board; with the compiler named here
 * they come out byte for byte the same, which the tests check.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Debian 12: apt-get install gcc-avr avr-libc. */
export const COMPILER = 'avr-gcc 5.4.0';
export const BOARDS = ['station', 'valve', 'firmata'] as const;
export type BoardName = (typeof BOARDS)[number];

export const FIRMWARE = fileURLToPath(new URL('..', import.meta.url));
/** Seen from the folder above this one. */
export const FLAGS = [
  ...['-mmcu=atmega328p', '-DF_CPU=16000000UL', '-std=c11', '-Os', '-Icore'],
  ...['-Wall', '-Wextra', '-Wconversion', '-Werror'],
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
];
const PORT = ['adc', 'chip', 'clock', 'eeprom', 'twi', 'uart'].map((name) => `avr/${name}.c`);
export const CORE = [
  ...['bme280', 'cbor', 'crc32', 'frame', 'hmac', 'link', 'message', 'meter', 'meter-install'],
  ...['meter-record', 'payer', 'pebbles', 'provision', 'sha256', 'storage', 'tick'],
].map((name) => `core/${name}.c`);
/** Calls take half of the firmware: fewer, short ones, and one place for what each function saves on the stack. */
const CORE_FLAGS = ['-flto', '-mrelax', '-mcall-prologues', '-fshort-enums'];
/** Firmata is another protocol: of ours it has the chip alone, at the speed that its hosts expect. */
const FIRMATA_PORT = ['adc', 'chip', 'eeprom', 'firmata-out', 'pins', 'pwm', 'servo', 'uart'].map(
  (name) => `avr/${name}.c`,
);
const FIRMATA_FLAGS = ['-DBAUD=57600', '-flto', '-mrelax'];

/** undefined where there is no avr-gcc. */
export const installedCompiler = (): string | undefined => {
  try {
    return `avr-gcc ${execFileSync('avr-gcc', ['-dumpversion'], { encoding: 'utf8' }).trim()}`;
  } catch {
    return undefined;
  }
};

/** Bytes of flash and of static RAM (of 32,256 beside a boot loader, and 2,048 with the stack). */
export const buildFirmware = (
  board: BoardName,
  hex: string,
  core: readonly string[] = CORE,
): { flash: number; ram: number } => {
  const folder = mkdtempSync(join(tmpdir(), 'firmware-'));
  const elf = join(folder, `${board}.elf`);
  const run = (command: string, args: readonly string[]): string =>
    execFileSync(command, args, { cwd: FIRMWARE, encoding: 'utf8' });
  try {
    const parts =
      board === 'firmata' ? [...FIRMATA_FLAGS, ...FIRMATA_PORT] : [...CORE_FLAGS, ...PORT, ...core];
    run('avr-gcc', [...FLAGS, '-o', elf, `avr/${board}.c`, ...parts]);
    run('avr-objcopy', ['-O', 'ihex', '-R', '.eeprom', elf, hex]);
    const [text, data, bss] = run('avr-size', [elf]).split('\n')[1]!.trim().split(/\s+/).map(Number);
    return { flash: text! + data!, ram: data! + bss! };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const compiler = installedCompiler();
  if (compiler !== COMPILER) {
    console.error(`${COMPILER} expected, ${compiler ?? 'none'} found: apt-get install gcc-avr avr-libc`);
    process.exit(1);
  }
  for (const board of BOARDS) {
    const size = buildFirmware(board, join(process.argv[2] ?? join(FIRMWARE, 'avr'), `${board}.hex`));
    console.log(`${board}: ${size.flash} bytes of flash, ${size.ram} of RAM`);
  }
}
