/**
 * Bytes of a serial line in, lines out: `@serialport/parser-readline` behind a guard.
 *
 * The parser holds whatever comes without a newline, for ever. The guard holds it instead, up to a maximum,
 * and hands over whole lines only: CR, LF and CRLF end a line, and an empty line is none. What is longer is
 * cut, told, and followed by a search for the next end. Of lines that fit, the guard looks at no byte twice.
 */

import { ReadlineParser } from '@serialport/parser-readline';
import { type Refusal, refuse } from '../../schemas/result.ts';

/** Ultimeter's complete history has 1,212, JSON of an instrument 2,000; more has no end at all. */
export const LINE_BYTES_MAX = 4096;

const LF = 10;
const CR = 13;

export type LineEvents = {
  /** The bytes before `end`, one at least. A CR may be among them: `split`. */
  readonly onLine: (line: Buffer, end: number) => void;
  /** `refusal` is undefined where there is no more to say: the rest of a line that was refused. */
  readonly onNoise: (bytes: Uint8Array, refusal: Refusal | undefined) => void;
};

/** LF for CR from `from` on: a copy. */
const withoutCr = (bytes: Uint8Array, from: number): Buffer => {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(CR, from); at >= 0; at = copy.indexOf(CR, at)) copy[at] = LF;
  return copy;
};

/** Of the first CR or LF; -1 where there is none. */
const firstEnd = (bytes: Buffer): number => {
  const lf = bytes.indexOf(LF);
  const cr = bytes.indexOf(CR);
  return lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
};

/** Lines that end with a CR alone, among others that end with an LF. */
const partsOf = (bytes: Buffer): Buffer[] => {
  const parts: Buffer[] = [];
  let from = 0;
  for (let cr = bytes.indexOf(CR); cr >= 0; cr = bytes.indexOf(CR, from)) {
    parts.push(bytes.subarray(from, cr));
    from = cr + 1;
  }
  parts.push(bytes.subarray(from));
  return parts;
};

const tooLong = (): Refusal =>
  refuse(
    'frame-too-long',
    `more than ${LINE_BYTES_MAX} bytes without the end of a line: is the baud rate right, and is it text?`,
  );

export class LineReader {
  readonly #events: LineEvents;
  readonly #parser: ReadlineParser;
  /** What has no end yet: never a CR or LF in it. */
  #held: Buffer = Buffer.alloc(0);
  /** Until the next end everything is noise. */
  #skipping: boolean;
  #ended = false;

  constructor(events: LineEvents, options: { readonly beginsInside: boolean }) {
    this.#events = events;
    this.#skipping = options.beginsInside;
    const bytes = undefined as never; // without an encoding it hands over bytes; its type does not know
    this.#parser = new ReadlineParser({ encoding: bytes, readableObjectMode: true });
    this.#parser.on('data', (line: Buffer) => this.#onLine(line));
  }

  push(chunk: Uint8Array): void {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#skipping) {
      const end = firstEnd(bytes);
      if (end !== 0) this.#events.onNoise(bytes.subarray(0, end < 0 ? bytes.length : end), undefined);
      if (end < 0) return;
      this.#skipping = false;
      bytes = bytes.subarray(end);
    }
    const lf = bytes.lastIndexOf(LF);
    if (bytes.lastIndexOf(CR) > lf) bytes = withoutCr(bytes, lf + 1);
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) this.#pass(bytes.subarray(0, end));
    this.#hold(bytes.subarray(end));
  }

  /** The line is lost, or closed: what has no end will get none. */
  end(): void {
    this.#ended = true;
    if (this.#held.length > 0) this.#events.onNoise(this.#held, undefined);
    this.#held = Buffer.alloc(0);
  }

  /** Hands over again, as lines of their own, the parts of a line with a CR inside; false where there is none. */
  split(line: Buffer): boolean {
    const parts = partsOf(line);
    if (parts.length === 1) return false;
    for (const part of parts) this.#onLine(part);
    return true;
  }

  #hold(tail: Buffer): void {
    if (this.#held.length + tail.length > LINE_BYTES_MAX) {
      this.#events.onNoise(this.#held, tooLong());
      this.#events.onNoise(tail, undefined);
      this.#held = Buffer.alloc(0);
      this.#skipping = true;
    } else if (tail.length > 0) this.#held = Buffer.concat([this.#held, tail]);
  }

  /** `lines` ends with LF, and the first begins with what is held. */
  #pass(lines: Buffer): void {
    let first = this.#held.length; // of the line that begins at `at`, so much is already held
    let at = 0;
    while (at < lines.length) {
      // Lines that end within the maximum are short enough, however many they are.
      const end = lines.lastIndexOf(LF, at + LINE_BYTES_MAX - first);
      if (end < at) {
        this.#passWithCut(lines);
        return;
      }
      at = end + 1;
      first = 0;
    }
    if (this.#held.length > 0) this.#parser.write(this.#held);
    this.#held = Buffer.alloc(0);
    this.#parser.write(lines);
  }

  /** One line after the other: somewhere is one that is too long, or a CR between two that are not. */
  #passWithCut(lines: Buffer): void {
    let rest = withoutCr(lines, 0);
    while (rest.length > 0) {
      const end = rest.indexOf(LF);
      if (this.#held.length + end > LINE_BYTES_MAX) {
        this.#events.onNoise(Buffer.concat([this.#held, rest.subarray(0, end)]), tooLong());
      } else this.#parser.write(Buffer.concat([this.#held, rest.subarray(0, end + 1)]));
      this.#held = Buffer.alloc(0);
      rest = rest.subarray(end + 1);
    }
  }

  #onLine(line: Buffer): void {
    if (this.#ended) return;
    let end = line.length;
    while (end > 0 && line[end - 1] === CR) end--;
    if (end === 0) return;
    if (line[0] === 0 || line[0] === CR) this.#onPadded(line.subarray(0, end));
    else this.#events.onLine(line, end);
  }

  /** A break on the line leaves zeros in front of what is good; a few instruments end lines with LF and CR. */
  #onPadded(line: Buffer): void {
    let from = 0;
    while (line[from] === 0 || line[from] === CR) from++;
    const zeros = line.subarray(0, from).filter((byte) => byte === 0);
    if (zeros.length > 0) this.#events.onNoise(zeros, undefined);
    if (from < line.length) this.#events.onLine(line.subarray(from), line.length - from);
  }
}
