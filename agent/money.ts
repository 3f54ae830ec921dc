/** Amounts as people write and read them: decimals of a currency unit there, integers of nano here. */

import { isAmount } from '../schemas/amount.ts';
import { decimalFromText } from '../schemas/decimal.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';

const NANO_DIGITS = 9;

/** '0.002' is 2,000,000 nano. Code: value-out-of-range (not exact in nano, negative, above 2^53 - 1). */
export const nanoOfText = (text: string): Result<number> => {
  const decimal = decimalFromText(text);
  const nano = decimal.ok
    ? decimal.value.mantissa * 10 ** (decimal.value.exponent + NANO_DIGITS)
    : Number.NaN;
  if (decimal.ok && decimal.value.exponent >= -NANO_DIGITS && isAmount(nano)) return ok(nano);
  return refuse(
    'value-out-of-range',
    `"${text}" is no amount: write digits with at most nine decimals, '0.002'`,
  );
};

/** Two decimals at least, as many as needed: '0.60', '0.002'. */
export const textOfNano = (nano: number): string => {
  const digits = String(nano).padStart(NANO_DIGITS + 1, '0');
  const decimals = digits.slice(-NANO_DIGITS).replace(/0{1,7}$/, '');
  return `${digits.slice(0, -NANO_DIGITS)}.${decimals}`;
};

/** '0.60 EUR'. */
export const moneyText = (nano: number, currency: string): string => `${textOfNano(nano)} ${currency}`;
