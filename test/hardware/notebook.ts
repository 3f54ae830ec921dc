/** A device on the two-wire bus that notes what its master does, and gives what it is told to. */

import type { TwiDevice } from '../../hardware/bench/chip.ts';

export type Note = { readonly what: string; readonly atMs: number };

export class Notebook implements TwiDevice {
  readonly notes: Note[] = [];
  /** Bytes that are read, from the first again at the end. */
  bytes: readonly number[] = [0];
  /** Of the first byte of each reading. */
  stretchedMs = 0;
  /** Bytes that it takes before it refuses the next. */
  room = Number.POSITIVE_INFINITY;
  readonly #nowMs: () => number;
  #read = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `W` and `R` for the starts, bytes in hexadecimal, `.` for a stop. */
  get text(): string {
    return this.notes.map(({ what }) => what).join(' ');
  }

  start(write: boolean): void {
    this.#note(write ? 'W' : 'R');
    if (!write) this.#read = 0;
  }

  write(byte: number): boolean {
    this.#note(byte.toString(16).padStart(2, '0'));
    return this.room-- > 0;
  }

  read(): number {
    return this.bytes[this.#read++ % this.bytes.length]!;
  }

  stop(): void {
    this.#note('.');
  }

  stretchMs(): number {
    return this.#read === 0 ? this.stretchedMs : 0;
  }

  #note(what: string): void {
    this.notes.push({ what, atMs: this.#nowMs() });
  }
}
