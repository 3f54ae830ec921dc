/** Amounts: integers of nano (10^-9 of a currency unit), 0 to 2^53 - 1 on one channel. No rounding here. */

export const NANO_MAX = 9007199254740991;

export const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= NANO_MAX && Math.floor(value) === value;

/** a * b, or -1 where the product passes 2^53 - 1; checked by division, never by the product itself. */
export const multiplyNano = (a: number, b: number): number =>
  a !== 0 && b > Math.floor(NANO_MAX / a) ? -1 : a * b;

/** a + b, or -1 where the sum passes 2^53 - 1. */
export const addNano = (a: number, b: number): number => (b > NANO_MAX - a ? -1 : a + b);
