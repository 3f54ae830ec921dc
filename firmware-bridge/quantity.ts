/**
 * From a number and a unit as instruments write them to a quantity as it is sold: "1013.2" "hPa" to
 * 101320 Pa, by `units.ts`.
 *
 * All arithmetic is in integers. It is exact to 15 digits, those that a double keeps: what an instrument
 * prints behind them is a float's noise, and is rounded off, half to even. Where a factor has no finite
 * decimal (1 km/h = 5/18 m/s), the result is rounded at a tenth, or finer, of what the last digit is worth.
 */

import { compareDecimals, type Decimal, decimalOf, decimalToText } from '../schemas/decimal.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import {
  divideHalfEven,
  type Exact,
  exactOf,
  NUMBER_LENGTH_MAX,
  product,
  roundHalfEven,
  sum,
} from './exact.ts';
import { conversionFor, primaryUnit, type UnitConversion } from './units.ts';

/** `value = mantissa * 10^exponent` in a SenML unit. */
export type Quantity = { readonly unit: string; readonly mantissa: number; readonly exponent: number };

export type Measure = {
  /** As the instrument says it. */
  readonly unit: string;
  /** What the number is multiplied by to be in `unit`. */
  readonly scale?: Decimal | undefined;
  /** Most and least that the instrument can mean, in `unit`. */
  readonly min?: Decimal | undefined;
  readonly max?: Decimal | undefined;
  /** The result is rounded to this power of ten, half to even. */
  readonly exponent?: number | undefined;
};

/** Digits that every double keeps. */
const DIGITS_MAX = 15;
/** As of `schemas/decimal.ts`. */
const EXPONENT_MAX = 24;

/** Exact where it can be, else at a tenth of the last digit's worth or finer. */
const quotientHalfEven = (value: Exact, { times, over }: UnitConversion): Exact => {
  const { mantissa, exponent } = product(value, times);
  let digits = 0;
  if (over.mantissa > 1n) while (10n ** BigInt(digits) * times.mantissa < 10n * over.mantissa) digits++;
  return {
    mantissa: divideHalfEven(mantissa * 10n ** BigInt(digits), over.mantissa),
    exponent: exponent - over.exponent - digits,
  };
};

const digitsOf = (mantissa: bigint): number => String(mantissa).replace('-', '').length;

/** Undefined where it is beyond the exponents of a decimal. */
const decimalOfExact = (value: Exact): Decimal | undefined => {
  let { mantissa, exponent } = roundHalfEven(
    value,
    value.exponent + Math.max(0, digitsOf(value.mantissa) - DIGITS_MAX),
  );
  while (mantissa !== 0n && mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent++;
  }
  if (mantissa === 0n) return decimalOf(0, 0);
  return Math.abs(exponent) > EXPONENT_MAX ? undefined : decimalOf(Number(mantissa), exponent);
};

const outOfRange = (text: string, why: string): Result<Quantity> =>
  refuse('value-out-of-range', `${text.slice(0, NUMBER_LENGTH_MAX)} ${why}`);

/**
 * What instruments and JSON write ('21.53', '+0021.5', '.5', '-1.5e-3') as a quantity that can be sold.
 * Codes: object-malformed (no decimal number), value-out-of-range (of the range, or no such unit).
 */
export const quantity = (text: string, measure: Measure): Result<Quantity> => {
  const conversion = conversionFor(measure.unit);
  if (conversion === undefined) return primaryUnit(measure.unit) as Result<never>;
  const read = exactOf(text);
  if (read === undefined)
    return refuse('object-malformed', `"${text.slice(0, NUMBER_LENGTH_MAX)}" is no decimal number`);
  if (Math.abs(read.exponent) > 2 * EXPONENT_MAX) return outOfRange(text, 'is beyond all that is measured');
  const { scale, min, max, exponent } = measure;
  const scaled =
    scale === undefined
      ? read
      : product(read, { mantissa: BigInt(scale.mantissa), exponent: scale.exponent });
  const given = decimalOfExact(scaled);
  if (given === undefined) return outOfRange(text, `is beyond 10^${EXPONENT_MAX}`);
  if (min !== undefined && compareDecimals(given, min) < 0)
    return outOfRange(
      text,
      `is below the ${decimalToText(min)} ${measure.unit} that were given as the least`,
    );
  if (max !== undefined && compareDecimals(given, max) > 0)
    return outOfRange(text, `is above the ${decimalToText(max)} ${measure.unit} that were given as the most`);
  const converted = quotientHalfEven(sum(scaled, conversion.plus), conversion);
  const decimal = decimalOfExact(exponent === undefined ? converted : roundHalfEven(converted, exponent));
  if (decimal === undefined) return outOfRange(text, `${measure.unit} is beyond 10^${EXPONENT_MAX}`);
  return ok({ unit: conversion.unit, mantissa: decimal.mantissa, exponent: decimal.exponent });
};
