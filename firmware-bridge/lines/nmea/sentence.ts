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
  text = '';
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
   * line. Codes of what is damaged: object-malformed, frame-crc (a wrong checksum, or none where it is required).
   */
  open(text: string, from: number, isChecksumRequired: boolean): Refusal | undefined {
    this.text = text;
    this.from = from;
    const at = this.#at;
    let sum = 0;
    let fields = 0;
    let end = from + 1;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      sum ^= code;
      if (code > COMMA) continue;
      if (code === COMMA) {
        if (fields < FIELDS_MAX) at[++fields] = end;
        else return refuse('object-malformed', `more than ${FIELDS_MAX} fields: ${shown(text)}`);
      } else if (code === STAR) break;
      else if (code === DOLLAR || code === EXCLAMATION) {
        this.from = end;
        fields = 0;
        sum = 0;
      }
    }
    this.count = fields;
    at[fields + 1] = end;
    this.#address();
    return this.#check(end, sum ^ STAR, isChecksumRequired);
  }

  #address(): void {
    const { text, from } = this;
    const isTalker = this.#at[1]! - from === 6 && text.charCodeAt(from + 1) !== PROPRIETARY;
    this.talker = isTalker ? (text.charCodeAt(from + 1) << 8) | text.charCodeAt(from + 2) : 0;
    this.formatter = isTalker
      ? (text.charCodeAt(from + 3) << 16) | (text.charCodeAt(from + 4) << 8) | text.charCodeAt(from + 5)
      : 0;
  }

  #check(star: number, sum: number, isRequired: boolean): Refusal | undefined {
    const { text } = this;
    if (star === text.length) return isRequired ? refuse('frame-crc', UNCHECKED + shown(text)) : undefined;
    const high = hexDigit(text.charCodeAt(star + 1));
    const low = hexDigit(text.charCodeAt(star + 2));
    if (star + 3 !== text.length || high < 0 || low < 0)
      return refuse('frame-crc', `a * without the two digits of a checksum: ${shown(text)}`);
    if (16 * high + low === sum) return undefined;
    return refuse('frame-crc', `its characters sum to ${hex(sum)}, one of them was damaged: ${shown(text)}`);
  }

  /** 'GPRMC'. */
  get address(): string {
    return this.text.slice(this.from + 1, this.#at[1]);
  }

  isEmpty(field: number): boolean {
    return this.length(field) === 0;
  }

  /** In characters. */
  length(field: number): number {
    return field > this.count ? 0 : this.#at[field + 1]! - this.#at[field]! - 1;
  }

  field(field: number): string {
    return field > this.count ? '' : this.text.slice(this.#at[field]! + 1, this.#at[field + 1]);
  }

  /** The character of a field that is one; '' where it is empty, or longer. */
  letter(field: number): string {
    const from = this.#at[field]! + 1;
    return field <= this.count && this.#at[field + 1] === from + 1 ? this.text.charAt(from) : '';
  }

  /** Whether the field is a number; it is in `number` then. */
  scan(field: number): boolean {
    return field <= this.count && this.number.scan(this.text, this.#at[field]! + 1, this.#at[field + 1]!);
  }
}
