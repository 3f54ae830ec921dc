/**
 * Decimal fractions: `mantissa * 10^exponent` in integers, so that no float ever touches a signed path.
 *
 * On the wire an integer is a plain CBOR integer and everything else tag 4 `[exponent, mantissa]` (RFC
 * 8949 section 3.4.4). Each value has one normal form: exponent 0 where the mantissa can hold the integer
 * (2^53 - 1), else no trailing zero in the mantissa. So 21.50 and 21.5 are the same bytes.
 */

import { type Cbor, CborTag } from './cbor.ts';
import { ok, type Result, refuse } from './result.ts';

export type Decimal = { readonly mantissa: number; readonly exponent: number };

/** From yocto to yotta: no unit of the SI needs more, and -24 still fits the one byte of a CBOR head. */
export const DECIMAL_EXPONENT_MAX = 24;
/** Sign, 16 digits, 24 zeros and a point, with room for the zeros that instruments pad with. */
const DECIMAL_TEXT_MAX = 48;

const INTEGER_MAX = 9007199254740991;
const TAG_DECIMAL = 4;

const isInteger = (value: unknown): value is number =>
  typeof value === 'number' && Math.floor(value) === value && value <= INTEGER_MAX && value >= -INTEGER_MAX;

/** The normal form, or undefined where the value is beyond the exponents above. */
const normalise = (mantissa: number, exponent: number): Decimal | undefined => {
  let m = mantissa;
  let e = exponent;
  if (m === 0) return { mantissa: 0, exponent: 0 };
  while (e < 0 && m % 10 === 0) {
    m /= 10;
    e++;
  }
  while (e > 0 && isInteger(m * 10)) {
    m *= 10;
    e--;
  }
  while (e > 0 && m % 10 === 0) {
    m /= 10;
    e++;
  }
  return e < -DECIMAL_EXPONENT_MAX || e > DECIMAL_EXPONENT_MAX ? undefined : { mantissa: m, exponent: e };
};

/** The decimal `mantissa * 10^exponent` in normal form. Throws where it is not one: a programmer's error. */
export const decimalOf = (mantissa: number, exponent: number): Decimal => {
  const decimal = isInteger(mantissa) && isInteger(exponent) ? normalise(mantissa, exponent) : undefined;
  if (decimal === undefined) throw new RangeError('no decimal: ' + mantissa + ' * 10^' + exponent);
  return decimal;
};

/** Digits after an imagined "0.", without trailing zeros, and the power of ten they are of. */
const magnitude = (decimal: Decimal): { power: number; digits: string } => {
  const digits = String(Math.abs(decimal.mantissa));
  return { power: digits.length + decimal.exponent, digits: digits };
};

/** Exactly: negative, zero or positive, as `a` is less than, equal to or more than `b`. */
export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const sign = a.mantissa > 0 ? 1 : a.mantissa < 0 ? -1 : 0;
  const signB = b.mantissa > 0 ? 1 : b.mantissa < 0 ? -1 : 0;
  if (sign !== signB || sign === 0) return sign - signB;
  const left = magnitude(a);
  const right = magnitude(b);
  if (left.power !== right.power) return left.power > right.power ? sign : -sign;
  const width = Math.max(left.digits.length, right.digits.length);
  for (let i = 0; i < width; i++) {
    const difference = (left.digits.charCodeAt(i) || 48) - (right.digits.charCodeAt(i) || 48);
    if (difference !== 0) return difference > 0 ? sign : -sign;
  }
  return 0;
};

/** Plain notation, exact, and a number of JSON as it stands: '-0.05', '101325'. */
export const decimalToText = (decimal: Decimal): string => {
  let digits = String(Math.abs(decimal.mantissa));
  const sign = decimal.mantissa < 0 ? '-' : '';
  for (let i = 0; i < decimal.exponent; i++) digits += '0';
  if (decimal.exponent >= 0) return sign + digits;
  while (digits.length <= -decimal.exponent) digits = '0' + digits;
  const point = digits.length + decimal.exponent;
  return sign + digits.slice(0, point) + '.' + digits.slice(point);
};

const malformed = (text: string): Result<Decimal> =>
  refuse('object-malformed', '"' + text.slice(0, DECIMAL_TEXT_MAX) + '" is no decimal number');

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
};

/**
 * What instruments and JSON write: '21.53', '+0021.5', '.5', '-1.5e-3'.
 * Codes: object-malformed, value-out-of-range (more digits than the mantissa holds).
 */
export const decimalFromText = (text: string): Result<Decimal> => {
  if (text.length > DECIMAL_TEXT_MAX) return malformed(text);
  let at = text.charAt(0) === '-' || text.charAt(0) === '+' ? 1 : 0;
  let digits = '';
  let pointAt = -1;
  while (isDigit(text, at) || (text.charAt(at) === '.' && pointAt < 0)) {
    if (text.charAt(at) === '.') pointAt = digits.length;
    else digits += text.charAt(at);
    at++;
  }
  let exponent = pointAt < 0 ? 0 : pointAt - digits.length;
  if (digits.length === 0) return malformed(text);
  if (at < text.length) {
    const power = text.slice(at + 1);
    const from = power.charAt(0) === '-' || power.charAt(0) === '+' ? 1 : 0;
    if (text.charAt(at).toLowerCase() !== 'e' || power.length === from) return malformed(text);
    for (let i = from; i < power.length; i++) if (!isDigit(power, i)) return malformed(text);
    exponent += Number(power);
  }
  let last = digits.length;
  while (last > 1 && digits.charAt(last - 1) === '0') last--;
  const mantissa = Number(digits.slice(0, last));
  exponent += digits.length - last;
  const decimal = isInteger(mantissa)
    ? normalise(text.charAt(0) === '-' ? 0 - mantissa : mantissa, exponent)
    : undefined;
  if (decimal !== undefined) return ok(decimal);
  return refuse(
    'value-out-of-range',
    text + ' does not fit 53 bits and an exponent of ' + DECIMAL_EXPONENT_MAX,
  );
};

/** The decimal as it is written: a plain integer, or tag 4. */
export const decimalItem = (decimal: Decimal): Cbor => {
  const normal = decimalOf(decimal.mantissa, decimal.exponent);
  return normal.exponent === 0
    ? normal.mantissa
    : new CborTag(TAG_DECIMAL, [normal.exponent, normal.mantissa]);
};

/** Codes: object-malformed (no decimal), value-out-of-range (beyond the maxima, or not in normal form). */
export const decimalOfItem = (item: Cbor): Result<Decimal> => {
  if (typeof item === 'number') return ok({ mantissa: item, exponent: 0 });
  const pair = item instanceof CborTag && item.tag === TAG_DECIMAL ? item.value : null;
  if (!Array.isArray(pair) || pair.length !== 2 || !isInteger(pair[0]) || !isInteger(pair[1])) {
    return refuse('object-malformed', 'a decimal is an integer or 4([exponent, mantissa])');
  }
  const decimal = normalise(pair[1], pair[0]);
  if (decimal !== undefined && decimal.exponent === pair[0] && decimal.exponent !== 0) return ok(decimal);
  return refuse('value-out-of-range', pair[1] + ' * 10^' + pair[0] + ' is not a decimal in normal form');
};
