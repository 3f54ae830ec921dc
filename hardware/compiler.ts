/** A gcc for a chip: the version with which the committed HEX files come out byte for byte, and what it makes. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Sources are named as they are seen from here. */
export const FIRMWARE = fileURLToPath(new URL('.', import.meta.url));

/** For every chip: what is not used is left out, and nothing is left to be guessed. */
const FLAGS = [
  ...['-std=c11', '-Os', '-Icore', '-Wall', '-Wextra', '-Wconversion', '-Werror'],
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
];

/** Bytes of flash, and of RAM without the stack. */
export type Size = { readonly flash: number; readonly ram: number };

export class Compiler {
  readonly name: string;
  readonly #prefix: string;
  readonly #packages: string;

  /** `prefix` is that of the programs; the packages are Debian 12's. */
  constructor(prefix: string, version: string, packages: string) {
    this.name = `${prefix}gcc ${version}`;
    this.#prefix = prefix;
    this.#packages = packages;
  }

  /** Why it is not the one, and where that is; undefined where it is. */
  get missing(): string | undefined {
    const found = this.#version();
    if (found === this.name) return undefined;
    return `${this.name} expected, ${found ?? 'none'} found: apt-get install ${this.#packages}`;
  }

  /** Makes a HEX file of flags and sources. */
  build(parts: readonly string[], hex: string): Size {
    const folder = mkdtempSync(join(tmpdir(), 'firmware-'));
    const elf = join(folder, 'firmware.elf');
    try {
      this.#run('gcc', [...FLAGS, ...parts, '-o', elf]);
      this.#run('objcopy', ['-O', 'ihex', '-R', '.eeprom', elf, hex]);
      const [text, data, bss] = this.#run('size', [elf]).split('\n')[1]!.trim().split(/\s+/).map(Number);
      return { flash: text! + data!, ram: data! + bss! };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  #run(program: string, args: readonly string[]): string {
    return execFileSync(this.#prefix + program, args, { cwd: FIRMWARE, encoding: 'utf8' });
  }

  #version(): string | undefined {
    try {
      return `${this.#prefix}gcc ${this.#run('gcc', ['-dumpversion']).trim()}`;
    } catch {
      return undefined;
    }
  }
}

/** For a build that is run as a program: the size of each, or exit code 1 without the compiler. */
export const buildAll = <Board extends string>(
  compiler: Compiler,
  boards: readonly Board[],
  build: (board: Board) => Size,
): void => {
  if (compiler.missing !== undefined) {
    console.error(compiler.missing);
    process.exit(1);
  }
  for (const board of boards) {
    const { flash, ram } = build(board);
    console.log(`${board}: ${flash} bytes of flash, ${ram} of RAM`);
  }
};
