/** Decimals of any size, in integers: what is added, multiplied and divided stays exact until somebody rounds it. */

/** `mantissa * 10^exponent`, of any size. */
export type Exact = { readonly mantissa: bigint; readonly exponent: number };

/** Sign, 17 digits, an exponent, and the zeros that instruments pad with. */
export const NUMBER_LENGTH_MAX = 48;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** A number as instruments write it; undefined where it is none, or longer than any. */
export const exactOf = (text: string): Exact | undefined => {
  const [, sign, whole = '', part = '', power = '0'] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole + part === '' || text.length > NUMBER_LENGTH_MAX) return undefined;
  const mantissa = BigInt(whole + part);
  return { mantissa: sign === '-' ? -mantissa : mantissa, exponent: Number(power) - part.length };
};

export const divideHalfEven = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  return up ? quotient + (dividend < 0n ? -1n : 1n) : quotient;
};

export const roundHalfEven = (value: Exact, exponent: number): Exact => {
  if (value.exponent >= exponent) return value;
  return { mantissa: divideHalfEven(value.mantissa, 10n ** BigInt(exponent - value.exponent)), exponent };
};

export const sum = (a: Exact, b: Exact): Exact => {
  const exponent = Math.min(a.exponent, b.exponent);
  const at = ({ mantissa, exponent: own }: Exact): bigint => mantissa * 10n ** BigInt(own - exponent);
  return { mantissa: at(a) + at(b), exponent };
};

export const product = (a: Exact, b: Exact): Exact => ({
  mantissa: a.mantissa * b.mantissa,
  exponent: a.exponent + b.exponent,
});
