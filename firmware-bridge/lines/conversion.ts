/**
 * From what an instrument writes to integers of a SenML unit: exact rational arithmetic and one rounding, to
 * the quantity's own exponent, half to even, as in `../quantity.ts`. That one reads text in any unit of a
 * configuration; this one numbers that stand in a line, thousands of lines a second, and without big integers
 * where the numbers are not large.
 */

import { divideHalfEven as divideWide } from '../exact.ts';

/** `(written + before) * numerator / denominator`, in `unit`. */
export type Conversion = {
  /** SenML. */
  readonly unit: string;
  /** Positive integers. */
  readonly numerator: number;
  readonly denominator: number;
  /** Hundredths of what is written: -27315 takes kelvins to degrees. */
  readonly before: number;
};

export const times = (unit: string, numerator: number, denominator = 1, before = 0): Conversion => ({
  unit,
  numerator,
  denominator,
  before,
});

const BEFORE_EXPONENT = -2;
const SAFE = Number.MAX_SAFE_INTEGER;
/** Twice as much is an integer still. */
const EXACT = 2 ** 52;
/** Powers of ten that leave room for a mantissa. */
export const POWERS: readonly number[] = Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * The rest of a division of integers from 0 to 2^52, and exact: the quotient is one off at most. `%` would be
 * as exact and, with numbers above 2^31, ten times slower.
 */
export const restOf = (size: number, divisor: number): number => {
  const rest = size - Math.floor(size / divisor) * divisor;
  if (rest < 0) return rest + divisor;
  return rest >= divisor ? rest - divisor : rest;
};

const divideHalfEven = (numerator: number, denominator: number): number => {
  const size = Math.abs(numerator);
  const rest = restOf(size, denominator);
  const quotient = (size - rest) / denominator;
  const over = rest - (denominator - rest);
  const rounded = over > 0 || (over === 0 && restOf(quotient, 2) === 1) ? quotient + 1 : quotient;
  return numerator < 0 ? 0 - rounded : rounded;
};

const convertWide = (mantissa: bigint, exponent: number, by: Conversion, to: number): number | undefined => {
  const lowest = Math.min(exponent, BEFORE_EXPONENT);
  const written = mantissa * 10n ** BigInt(exponent - lowest);
  const before = BigInt(by.before) * 10n ** BigInt(BEFORE_EXPONENT - lowest);
  const shift = lowest - to;
  const numerator = (written + before) * BigInt(by.numerator) * 10n ** BigInt(Math.max(shift, 0));
  const denominator = BigInt(by.denominator) * 10n ** BigInt(Math.max(-shift, 0));
  const rounded = Number(divideWide(numerator, denominator));
  return Math.abs(rounded) > SAFE ? undefined : rounded;
};

/**
 * The integer `n` with n * 10^to nearest to the converted mantissa * 10^exponent; undefined where that is
 * beyond 2^53 - 1.
 */
export const convert = (
  mantissa: number | bigint,
  exponent: number,
  by: Conversion,
  to: number,
): number | undefined => {
  const shift = exponent - to;
  const up = POWERS[Math.max(shift, 0)];
  const down = POWERS[Math.max(-shift, 0)];
  if (typeof mantissa === 'number' && by.before === 0 && up !== undefined && down !== undefined) {
    const numerator = mantissa * by.numerator * up;
    const denominator = by.denominator * down;
    if (Math.abs(numerator) <= EXACT && denominator <= EXACT) return divideHalfEven(numerator, denominator);
  }
  return convertWide(BigInt(mantissa), exponent, by, to);
};
