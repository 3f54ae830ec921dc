/**
 * A sentence of NMEA 0183: `$` or `!`, an address, fields between commas, `*` and a checksum, the XOR of what
 * is between. One pass over the characters finds the fields and sums them; numbers are read where they stand.
 */

import { type Refusal, refuse } from '../../../schemas/result.ts';
import { DecimalScanner } from '../decimal-scanner.ts';
import { shown } from '../format.ts';

/** A sentence has 82 characters; those that break the rule, such as XDR, stay far below this. */
const FIELDS_MAX = 128;

const COMMA = 44;
const STAR = 42;
const DOLLAR = 36;
const EXCLAMATION = 33;
/** P begins the addresses that a manufacturer made. */
const PROPRIETARY = 80;

const BLANK = 32;
const NOT_ASCII = 128;

const NONE = -1;

/** As much as `checksum: required` says. */
const UNCHECKED = 'no checksum, and nobody could tell a damaged digit (checksum: optional allows it): ';

const hexDigit = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : NONE;
};

const hex = (sum: number): string => sum.toString(16).toUpperCase().padStart(2, '0');

/** Letters as one small number: a key that costs no text. */
export const formatterKey = (letters: string): number =>
  (letters.charCodeAt(0) << 16) | (letters.charCodeAt(1) << 8) | letters.charCodeAt(2);
export const talkerKey = (letters: string): number => (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
/** More than there are talker keys. */
export const TALKERS = 65_536;

export const checksumOf = (text: string): number => {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum ^= text.charCodeAt(i);
  return sum;
};

/** Read again and again: a line a time, with no object made for it. */
export class Sentence {
  readonly number = new DecimalScanner();
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Where its $ or ! stands. */
  from = 0;
  /** Of fields after the address. */
  count = 0;
  /** `formatterKey` of 'RMC' in 'GPRMC'; 0 where the address is of another form, as proprietary ones are. */
  formatter = 0;
  /** `talkerKey` of 'GP' in 'GPRMC'. */
  talker = 0;
  /** Where each field's comma stands, the address being field 0; then the end of the last. */
  readonly #at = new Int32Array(FIELDS_MAX + 2);

  /**
   * Takes the last sentence that begins at `from` or later: what was cut is followed by the next in the same
   * line, which ends before `lineEnd`. Codes of what is damaged: object-malformed, frame-crc (a wrong checksum, or
   * none where it is required).
   */
  open(bytes: Buffer, from: number, lineEnd: number, isChecksumRequired: boolean): Refusal | undefined {
    this.#bytes = bytes;
    this.#end = lineEnd;
    this.from = from;
    const at = this.#at;
    let sum = 0;
    let all = 0; // codes over each other: above 127 where one was
    let fields = 0;
    let end = from + 1;
    for (; end < lineEnd; end++) {
      const code = bytes[end]!;
      sum ^= code;
      all |= code;
      if (code > COMMA) continue;
      if (code === COMMA) {
        if (fields < FIELDS_MAX) at[++fields] = end;
        else return refuse('object-malformed', `more than ${FIELDS_MAX} fields: ${this.#shown()}`);
      } else if (code === STAR) break;
      else if (code === DOLLAR || code === EXCLAMATION) {
        this.from = end;
        fields = 0;
        sum = 0;
        all = 0;
      } else if (code < BLANK) all = NOT_ASCII;
    }
    if (all >= NOT_ASCII) return refuse('object-malformed', `not only printable ASCII: ${this.#shown()}`);
    this.count = fields;
    at[fields + 1] = end;
    this.#address();
    return this.#check(end, sum ^ STAR, isChecksumRequired);
  }

  #shown(): string {
    return shown(this.#bytes.toString('latin1', 0, this.#end));
  }

  #address(): void {
    const bytes = this.#bytes;
    const { from } = this;
    const isTalker = this.#at[1]! - from === 6 && bytes[from + 1] !== PROPRIETARY;
    this.talker = isTalker ? (bytes[from + 1]! << 8) | bytes[from + 2]! : 0;
    this.formatter = isTalker ? (bytes[from + 3]! << 16) | (bytes[from + 4]! << 8) | bytes[from + 5]! : 0;
  }

  #check(star: number, sum: number, isRequired: boolean): Refusal | undefined {
    if (star === this.#end) return isRequired ? refuse('frame-crc', UNCHECKED + this.#shown()) : undefined;
    const high = hexDigit(this.#bytes[star + 1] ?? 0);
    const low = hexDigit(this.#bytes[star + 2] ?? 0);
    if (star + 3 !== this.#end || high < 0 || low < 0)
      return refuse('frame-crc', `a * without the two digits of a checksum: ${this.#shown()}`);
    if (16 * high + low === sum) return undefined;
    return refuse(
      'frame-crc',
      `its characters sum to ${hex(sum)}, one of them was damaged: ${this.#shown()}`,
    );
  }

  /** 'GPRMC'. */
  get address(): string {
    return this.#bytes.toString('latin1', this.from + 1, this.#at[1]);
  }

  isEmpty(field: number): boolean {
    return this.length(field) === 0;
  }

  /** In characters. */
  length(field: number): number {
    return field > this.count ? 0 : this.#at[field + 1]! - this.#at[field]! - 1;
  }

  field(field: number): string {
    return field > this.count
      ? ''
      : this.#bytes.toString('latin1', this.#at[field]! + 1, this.#at[field + 1]);
  }

  /** The code of a field of one character; 0 where it is empty, or longer. */
  code(field: number): number {
    return this.length(field) === 1 ? this.#bytes[this.#at[field]! + 1]! : 0;
  }

  /** The same as a text. */
  letter(field: number): string {
    const code = this.code(field);
    return code === 0 ? '' : String.fromCharCode(code);
  }

  /** Whether the field is a number; it is in `number` then. */
  scan(field: number): boolean {
    return field <= this.count && this.number.scan(this.#bytes, this.#at[field]! + 1, this.#at[field + 1]!);
  }
}
