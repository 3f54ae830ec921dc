/** A program of this folder on an emulated chip, which does what it is asked over its line and shows its work at PB0. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHIP, COMPILER } from '../../hardware/avr/build.ts';
import { CHIP_HZ, Chip } from '../../hardware/bench/chip.ts';
import { parseHex } from '../../hardware/bench/hex.ts';

const PROGRAM = fileURLToPath(new URL('crypto-chip.c', import.meta.url));
/** Ten times what the longest question takes on the line and to answer. */
const PATIENCE_CYCLES = CHIP_HZ;
/** A byte on the line, which is what an order without an answer takes. */
const LINE_CYCLES = 1500;
/** Before anything is asked: from reset to a working receiver. */
const START_CYCLES = 10_000;
/** The pin rises at the end of its `sbi` and falls at the end of its `cbi`, which is no work. */
const MARK_CYCLES = 2;

/** The baseline of benchmarks. */
export const NAIVE_SHA256 = fileURLToPath(new URL('../bench/naive-sha256.c', import.meta.url));
const SHA256 = { ours: 'core/sha256.c', naive: NAIVE_SHA256 } as const;

class CryptoChip {
  /** Of each piece of work of the last question. */
  readonly cycles: number[] = [];
  readonly #chip: Chip;
  #answer: number[] = [];
  #beganCycles = 0;

  constructor(program: Uint16Array) {
    this.#chip = new Chip({
      program,
      onSend: (byte) => this.#answer.push(byte),
      onPin: (_, level) => {
        if (level === 1) this.#beganCycles = this.#chip.cycles;
        else this.cycles.push(this.#chip.cycles - this.#beganCycles - MARK_CYCLES);
      },
    });
    this.#chip.run(START_CYCLES);
  }

  /** The digest of blocks that are padded. */
  hash(blocks: Uint8Array): Uint8Array {
    this.#forget();
    this.#tell(Buffer.from('i'), 0);
    for (let at = 0; at < blocks.length; at += 64) {
      const before = this.cycles.length;
      this.#chip.receive(Buffer.concat([Buffer.from('b'), blocks.subarray(at, at + 64)]));
      this.#runUntil(() => this.cycles.length > before); // nobody listens while the chip works
    }
    return this.#tell(Buffer.from('d'), 32);
  }

  hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    this.#forget();
    return this.#tell(Buffer.concat([Buffer.from('h'), key, Uint8Array.of(message.length), message]), 32);
  }

  /** x[index - 1]. */
  stepBack(channel: Uint8Array, seq: number, index: number, x: Uint8Array): Uint8Array {
    this.#forget();
    const numbers = Buffer.alloc(6);
    numbers.writeUInt32BE(seq);
    numbers.writeUInt16BE(index, 4);
    return this.#tell(Buffer.concat([Buffer.from('t'), channel, numbers, x]), 16);
  }

  #forget(): void {
    this.cycles.length = 0;
    this.#answer = [];
  }

  #tell(question: Uint8Array, answerBytes: number): Uint8Array {
    this.#chip.receive(question);
    this.#runUntil(() => this.#answer.length >= answerBytes);
    return Uint8Array.from(this.#answer);
  }

  #runUntil(done: () => boolean): void {
    const patience = this.#chip.cycles + PATIENCE_CYCLES;
    do this.#chip.run(this.#chip.cycles + LINE_CYCLES);
    while (!done() && this.#chip.cycles < patience);
  }
}

/** undefined (and a printed reason) where the compiler is not installed. */
export const buildCryptoChip = (sha256: keyof typeof SHA256): CryptoChip | undefined => {
  if (COMPILER.missing !== undefined) {
    console.log(`skip: ${COMPILER.missing}`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'crypto-chip-'));
  const hex = join(folder, 'crypto.hex');
  try {
    COMPILER.build([...CHIP, PROGRAM, 'core/hmac.c', 'core/tick.c', SHA256[sha256]], hex);
    const program = parseHex(readFileSync(hex, 'utf8'));
    if (!program.ok) throw new Error(program.detail);
    return new CryptoChip(program.value);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
