/** Cents, hundredths of a currency's unit: what banks move. The ledger's nanos become cents by rounding down. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

const NANO_PER_CENT = 10_000_000n;

/** The largest amount of one SEPA transfer or collection (EPC rulebooks): 999,999,999.99 EUR. */
export const TRANSFER_CENTS_MAX = 99_999_999_999n;

/** Whole cents that `nano` pays for, at most what one transfer may carry; the rest stays where it is. */
export const centsFloor = (nano: bigint): bigint => {
  const cents = nano / NANO_PER_CENT;
  return cents < TRANSFER_CENTS_MAX ? cents : TRANSFER_CENTS_MAX;
};

export const nanoOfCents = (cents: bigint): bigint => cents * NANO_PER_CENT;

export const formatCents = (cents: bigint): string =>
  `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;

/** ISO 20022 amounts: up to 18 digits, at most five of them decimals, of which ours are the first two. */
const AMOUNT = /^(\d{1,16})(?:\.(\d{0,2})(0{0,3}))?$/;

/** Exactly: 1.5 is 150, 1.500 too, 1.505 is refused. Code: value-out-of-range. */
export const parseCents = (text: string): Result<bigint> => {
  const match = AMOUNT.exec(text);
  return match === null
    ? refuse('value-out-of-range', 'an amount is at most 16 digits, a point and whole cents, as in 12.50')
    : ok(BigInt(match[1]!) * 100n + BigInt((match[2] ?? '').padEnd(2, '0')));
};

export const sumCents = (amounts: readonly { readonly cents: bigint }[]): bigint =>
  amounts.reduce((sum, { cents }) => sum + cents, 0n);
