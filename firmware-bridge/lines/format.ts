/** What a text format makes of a line: quantities with values, and refusals with reasons. */

import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import type { Conversion } from './conversion.ts';
import type { DecimalScanner } from './decimal-scanner.ts';

/** What an instrument measures; the capability that it becomes. */
export type Quantity = {
  readonly name: string;
  readonly kind: string;
  /** SenML. */
  readonly unit: string;
  /** Readings are rounded to 10^exponent units. */
  readonly exponent: number;
  /** Least and greatest mantissa that is plausible. */
  readonly min: number;
  readonly max: number;
};

/** Takes what a line says. */
export interface Sink {
  /**
   * A number as the instrument wrote it, and how its unit becomes the quantity's. `source` names the
   * kind of line: of two kinds that tell the same quantity one is heard.
   */
  measure(quantity: Quantity, written: DecimalScanner, by: Conversion, source: number): void;
  /** Something in an intact line that is of no use. */
  refuse(refusal: Refusal): void;
}

export type Format = {
  /** Those that are known before anything was heard. */
  readonly quantities: readonly Quantity[];
  /**
   * Whether a piece of a line would be taken for a line: '21.5' of 'temperature=21.5' is none, of '3,21.5'
   * it is.
   */
  readonly isCutUnseen: boolean;
  /**
   * Reads one line: the bytes before `end`, one at least. A refusal means that the line is damaged, as one with a
   * CR inside always is: that it is noise. `frame-crc` is a wrong checksum.
   */
  readonly read: (line: Buffer, end: number, sink: Sink) => Refusal | undefined;
  /** What the instrument of such a line is called. */
  readonly board: (line: string) => string;
};

const SHOWN_MAX = 60;

/** What JSON leaves as it is and a terminal may obey. */
const C1 = /[\x7f-\x9f]/g;

/** Text of an instrument in a sentence for a person. */
export const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text).replace(
    C1,
    (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`,
  );

export const refuseNumber = (what: string, text: string): Refusal =>
  refuse('object-malformed', `${what} is ${shown(text)}, which is no decimal number`);

/** Anything but printable ASCII and tab. */
const UNUSUAL = /[^\t\x20-\x7e]/;
const CONTROL = /[^\P{Cc}\t]/u;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Code: object-malformed (no UTF-8, or control characters). */
const textOf = (bytes: Buffer): Result<string> => {
  try {
    const text = decoder.decode(bytes);
    if (!CONTROL.test(text)) return ok(text);
    return refuse('object-malformed', `a control character is in a line of text: ${shown(text)}`);
  } catch {
    const said = shown(bytes.toString('latin1'));
    return refuse('object-malformed', `${said} is not UTF-8: is the baud rate right, and is it text?`);
  }
};

/** For formats of text: bytes are UTF-8. */
export const readingText =
  (read: (line: string, sink: Sink) => Refusal | undefined): Format['read'] =>
  (bytes, end, sink) => {
    const latin1 = bytes.toString('latin1', 0, end);
    if (!UNUSUAL.test(latin1)) return read(latin1, sink);
    const text = textOf(bytes.subarray(0, end));
    return text.ok ? read(text.value, sink) : text;
  };
