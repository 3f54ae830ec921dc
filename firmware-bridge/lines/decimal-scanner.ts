/**
 * Numbers out of bytes of ASCII without a float and without a copy: thousands of lines a second pass here, each with
 * several. `schemas/decimal.ts` reads the same numbers into a normal form, ten times slower.
 */

/** Longer is no measurement: 17 digits of a printed double, sign, point and exponent fit twice. */
const LENGTH_MAX = 48;
/** 10^15 - 1 is safely below 2^53 - 1; more digits go the slow and equally exact way. */
const DIGITS_MAX = 15;
/** From yocto to yotta, with the decimals of the mantissa. */
const EXPONENT_MAX = 64;

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const CAPITAL_E = 69;
const SMALL_E = 101;

const isDigit = (code: number): boolean => code >= ZERO && code < ZERO + 10;

export class DecimalScanner {
  mantissa: number | bigint = 0;
  exponent = 0;

  /**
   * True where all of `bytes` from `from` to before `to` is one decimal number: '21.53', '+0021.5', '.5', '5.',
   * '-1.5e-3'. Not NaN, Infinity, 0x1F or an empty text.
   */
  scan(bytes: Buffer, from: number, to: number): boolean {
    if (to - from > LENGTH_MAX) return false;
    const first = bytes[from];
    const start = first === MINUS || first === PLUS ? from + 1 : from;
    let at = start;
    let value = 0;
    let digits = 0;
    let pointAt = -1;
    for (; at < to; at++) {
      const code = bytes[at]!;
      if (isDigit(code)) {
        value = 10 * value + code - ZERO;
        digits++;
      } else if (code === POINT && pointAt < 0) pointAt = at;
      else break;
    }
    if (digits === 0) return false;
    const exponent = this.#power(bytes, at, to) - (pointAt < 0 ? 0 : at - pointAt - 1);
    if (!(Math.abs(exponent) <= EXPONENT_MAX)) return false;
    this.exponent = exponent;
    if (digits > DIGITS_MAX) {
      const wide = BigInt(bytes.toString('latin1', start, at).replace('.', ''));
      this.mantissa = first === MINUS ? -wide : wide;
    } else this.mantissa = first === MINUS ? 0 - value : value;
    return true;
  }

  /** Of 'e-3' at the end of a number; NaN where something else is there. */
  #power(bytes: Buffer, at: number, to: number): number {
    if (at === to) return 0;
    const mark = bytes[at];
    const power = /^[+-]?\d{1,3}$/.exec(bytes.toString('latin1', at + 1, to));
    return power === null || (mark !== CAPITAL_E && mark !== SMALL_E) ? Number.NaN : Number(power[0]);
  }
}
