/** Amounts as people write them: exact decimals of a currency unit to integers of nano and back. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

const NANO_PER_UNIT = 1_000_000_000n;
/** SQLite and PostgreSQL hold signed 64-bit integers; 9.2 thousand million units of a currency. */
export const LEDGER_NANO_MAX = 2n ** 63n - 1n;

const DECIMAL = /^(\d{1,64})(?:\.(\d{1,9}))?$/;

/** At least two decimals, no more than needed: 10.00, 0.000000001, -3.50. */
export const formatAmount = (nano: bigint): string => {
  const size = nano < 0n ? -nano : nano;
  const decimals = String(size % NANO_PER_UNIT)
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${nano < 0n ? '-' : ''}${size / NANO_PER_UNIT}.${decimals}`;
};

/** "10", "10.00", "0.000000001". Code: value-out-of-range. */
export const parseAmount = (text: string): Result<bigint> => {
  const parts = DECIMAL.exec(text);
  if (parts === null) {
    const wanted = 'digits with at most nine decimals after a point, such as 10.00';
    return refuse('value-out-of-range', `"${text}" is not an amount: write ${wanted}`);
  }
  const nano = BigInt(parts[1]!) * NANO_PER_UNIT + BigInt((parts[2] ?? '').padEnd(9, '0'));
  if (nano <= LEDGER_NANO_MAX) return ok(nano);
  return refuse('value-out-of-range', `${text} is too much: write at most ${formatAmount(LEDGER_NANO_MAX)}`);
};
