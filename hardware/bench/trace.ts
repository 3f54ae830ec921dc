/**
 * Traces: what was said on a serial line, byte for byte, and when. Text, so that grep and diff read them too.
 *
 *     # tollbridge trace 1: /dev/ttyACM0 at 115200 baud since 2026-11-20T12:00:00.000Z
 *     0 > 0683000219a7...       the host said this at once
 *     20417 < 81010219...       the board said this 20,417 microseconds later
 *
 * A line is a chunk as the system delivered it: microseconds since the first line, `<` from the board or `>`
 * from the host, hexadecimal. A last line that was cut off (power, kill -9) is dropped; any other that is not
 * of this form is refused with its number. Lines that begin with # are comments.
 */

import { closeSync, createReadStream, openSync, unlinkSync, writeSync } from 'node:fs';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';

const HEAD = '# tollbridge trace 1:';
/** More than any driver delivers at once; longer ones become several lines. */
const CHUNK_BYTES_MAX = 65_536;
const LINE_LENGTH_MAX = 2 * CHUNK_BYTES_MAX + 32;
const LINE = /^(\d{1,15}) ([<>]) ((?:[0-9a-f]{2})+)$/;

export type TraceChunk = {
  readonly atUs: number;
  readonly from: 'board' | 'host';
  readonly bytes: Uint8Array;
};

/** Writes a line at a time, each whole in one call: what is on the disk is readable whenever we end. */
export class TraceWriter {
  readonly path: string;
  readonly #file: number;
  readonly #beganMs = performance.now();
  /** Why nothing more is written; undefined while all is well. */
  failure: Refusal | undefined;
  bytes = 0;

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
  }

  /** An existing file is not overwritten: a trace may be all there is of a fault. Code: storage-failed. */
  static create(path: string, port: string, baudRate: number): Result<TraceWriter> {
    try {
      const writer = new TraceWriter(path, openSync(path, 'wx'));
      writer.#line(`${HEAD} ${port} at ${baudRate} baud since ${new Date().toISOString()}`);
      return writer.failure ?? ok(writer);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const remedy =
        code === 'EEXIST' ? 'it is there already: name another' : 'name a path that this user may write';
      return refuse('storage-failed', `cannot write ${path} (${code}): ${remedy}`);
    }
  }

  readonly write = (from: TraceChunk['from'], bytes: Uint8Array): void => {
    const atUs = Math.round((performance.now() - this.#beganMs) * 1000);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES_MAX) {
      const hex = Buffer.from(bytes.subarray(at, at + CHUNK_BYTES_MAX)).toString('hex');
      this.#line(`${atUs} ${from === 'board' ? '<' : '>'} ${hex}`);
    }
    this.bytes += bytes.length;
  };

  close(): void {
    closeSync(this.#file);
  }

  /** For a line that never came to be. */
  discard(): void {
    this.close();
    unlinkSync(this.path);
  }

  #line(text: string): void {
    if (this.failure !== undefined) return;
    try {
      writeSync(this.#file, `${text}\n`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.failure = refuse('storage-failed', `${this.path} ends here (${code}): make room on the disk`);
    }
  }
}

export class TraceReader {
  readonly path: string;
  /** The last line was cut off, and dropped. */
  truncated = false;

  constructor(path: string) {
    this.path = path;
  }

  /** In their order; a refusal is the last. Codes: config-invalid (no trace, names the line), storage-failed. */
  async *chunks(): AsyncGenerator<Result<TraceChunk>> {
    let number = 0;
    let lastUs = 0;
    try {
      for await (const line of this.#lines()) {
        number++;
        if (number === 1 && !line.startsWith(HEAD)) {
          yield refuse('config-invalid', `${this.path} is no trace: its first line is not "${HEAD} ..."`);
          return;
        }
        if (line.startsWith('#')) continue;
        const chunk = parseLine(line);
        if (chunk === undefined || chunk.atUs < lastUs) {
          const wrong = chunk === undefined ? 'not MICROSECONDS < or > HEX' : 'earlier than the line before';
          yield refuse('config-invalid', `${this.path}:${number}: ${wrong}: repair or cut the file there`);
          return;
        }
        lastUs = chunk.atUs;
        yield ok(chunk);
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      yield refuse('storage-failed', `cannot read ${this.path} (${code ?? message}): name a trace`);
      return;
    }
    if (number === 0) yield refuse('config-invalid', `${this.path} is no trace: it is empty`);
  }

  /** Whole lines; a line that is too long is handed on cut, and refused for its form. */
  async *#lines(): AsyncGenerator<string> {
    let rest = '';
    for await (const piece of createReadStream(this.path, 'latin1')) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      yield* lines;
      if (rest.length > LINE_LENGTH_MAX) {
        yield rest;
        return;
      }
    }
    this.truncated = rest !== '';
  }
}

const parseLine = (line: string): TraceChunk | undefined => {
  const parts = LINE.exec(line);
  if (parts === null || line.length > LINE_LENGTH_MAX) return undefined;
  return {
    atUs: Number(parts[1]),
    from: parts[2] === '<' ? 'board' : 'host',
    bytes: Uint8Array.from(Buffer.from(parts[3]!, 'hex')),
  };
};
