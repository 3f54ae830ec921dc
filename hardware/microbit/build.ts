/**
 * Builds the micro:bit's firmware: `node --import tsx hardware/microbit/build.ts [FILE]` (default: the committed HEX).
 *
 * The HEX file is committed: whoever has a board copies it onto the drive that the board is. With the compiler
 * named here it comes out byte for byte the same, which the tests check.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Debian 12: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi. */
export const COMPILER = 'arm-none-eabi-gcc 12.2.1';

const FIRMWARE = fileURLToPath(new URL('..', import.meta.url));
const FLAGS = [
  ...['-mcpu=cortex-m0', '-mthumb', '-std=c11', '-Os', '-Icore'],
  ...['-Wall', '-Wextra', '-Wconversion', '-Werror'],
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
  ...['-nostartfiles', '--specs=nano.specs', '-T', 'microbit/microbit.ld'],
];

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(FIRMWARE, folder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => `${folder}/${name}`);

/** undefined where there is no arm-none-eabi-gcc. */
export const installedCompiler = (): string | undefined => {
  try {
    const version = execFileSync('arm-none-eabi-gcc', ['-dumpfullversion'], { encoding: 'utf8' });
    return `arm-none-eabi-gcc ${version.trim()}`;
  } catch {
    return undefined;
  }
};

/** Bytes of flash and of static RAM (of 245,760 and 16,384 with the stack). */
export const buildFirmware = (hex: string): { flash: number; ram: number } => {
  const folder = mkdtempSync(join(tmpdir(), 'firmware-'));
  const elf = join(folder, 'microbit.elf');
  const run = (command: string, args: readonly string[]): string =>
    execFileSync(`arm-none-eabi-${command}`, args, { cwd: FIRMWARE, encoding: 'utf8' });
  try {
    run('gcc', [...FLAGS, '-o', elf, ...sourcesIn('microbit'), ...sourcesIn('core')]);
    run('objcopy', ['-O', 'ihex', elf, hex]);
    const [text, data, bss] = run('size', [elf]).split('\n')[1]!.trim().split(/\s+/).map(Number);
    return { flash: text! + data!, ram: data! + bss! };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const compiler = installedCompiler();
  if (compiler !== COMPILER) {
    console.error(
      `${COMPILER} expected, ${compiler ?? 'none'} found: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi`,
    );
    process.exit(1);
  }
  const size = buildFirmware(process.argv[2] ?? join(FIRMWARE, 'microbit', 'microbit.hex'));
  console.log(`microbit: ${size.flash} bytes of flash, ${size.ram} of RAM`);
}
