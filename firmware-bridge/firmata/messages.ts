/**
 * Bytes of a Firmata board in, whole messages out (github.com/firmata/protocol). firmata-io takes what it is given
 * and keeps what it does not understand: it gets nothing else, and never a message without an end.
 *
 * | first byte | message                    | bytes                   |
 * |------------|----------------------------|-------------------------|
 * | 90 .. 9f   | levels of a port           | 3                       |
 * | e0 .. ef   | value of an analog input   | 3                       |
 * | f9         | version of the protocol    | 3                       |
 * | f0         | sysex: anything else       | up to f7, 4,096 at most |
 *
 * Data has seven bits and no checksum: what noise makes of a value within a message cannot be seen.
 */

import type { Counters } from '../audience.ts';

export const START_SYSEX = 0xf0;
export const END_SYSEX = 0xf7;
export const REPORT_VERSION = 0xf9;
export const REPORT_FIRMWARE = 0x79;
export const SYSTEM_RESET = 0xff;

/** The capabilities of 128 pins of 15 modes, with their ends, are 3,971 bytes. */
const MESSAGE_BYTES_MAX = 4096;

const begins = (byte: number): boolean => {
  const kind = byte & 0xf0;
  return kind === 0x90 || kind === 0xe0 || byte === START_SYSEX || byte === REPORT_VERSION;
};

export class FirmataReader {
  readonly #health: Counters;
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #onNoise: (bytes: Uint8Array) => void;
  #message: number[] = [];
  #noise: number[] = [];
  #inNoise = false;

  constructor(
    health: Counters,
    onMessage: (message: Uint8Array) => void,
    onNoise: (bytes: Uint8Array) => void,
  ) {
    this.#health = health;
    this.#onMessage = onMessage;
    this.#onNoise = onNoise;
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) this.#take(byte);
    this.#tellNoise();
  }

  #take(byte: number): void {
    const isSysex = this.#message[0] === START_SYSEX;
    const isData = byte < 0x80;
    if (isData || (isSysex && byte === END_SYSEX)) {
      this.#message.push(byte);
      const length = this.#message.length;
      if (length === 1 || length > MESSAGE_BYTES_MAX) this.#discard();
      else if (isSysex ? !isData : length === 3) this.#complete();
    } else {
      this.#discard(); // what was unfinished stays so
      this.#message.push(byte);
      if (!begins(byte)) this.#discard();
    }
  }

  #complete(): void {
    this.#tellNoise();
    this.#health.messages++;
    if (this.#inNoise) this.#health.resyncs++;
    this.#inNoise = false;
    const message = Uint8Array.from(this.#message);
    this.#message = [];
    this.#onMessage(message);
  }

  #discard(): void {
    this.#noise.push(...this.#message);
    this.#message = [];
  }

  #tellNoise(): void {
    if (this.#noise.length === 0) return;
    this.#inNoise = true;
    this.#health.noiseBytes += this.#noise.length;
    const noise = Uint8Array.from(this.#noise);
    this.#noise = [];
    this.#onNoise(noise);
  }
}

/** `f0 79 major minor (low high)* f7`: the name in 14-bit pairs. */
export const firmwareOf = (report: Uint8Array): { readonly name: string; readonly version: string } => {
  const letters: number[] = [];
  for (let at = 4; at + 2 < report.length; at += 2) letters.push(report[at]! | ((report[at + 1]! & 1) << 7));
  const name = Buffer.from(letters)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '');
  return {
    name: name.slice(0, NAME_LENGTH_MAX) || 'Firmata',
    version: `${report[2] ?? 0}.${report[3] ?? 0}`,
  };
};

/** As of every name of ours. */
const NAME_LENGTH_MAX = 64;
