/** Amounts of a file as it writes them: exact decimals of whatever unit it counts in. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { OBLIGATION_NANO_MAX } from './network.ts';

const PLACES_MAX = 9;
const DECIMAL = /^\+?(\d+)(?:\.(\d+))?$/;
/** Longer numbers are not even read: 19 digits and nine decimals are the largest there is. */
const CHARS_MAX = 64;

export type FileAmount = { readonly nano: bigint; readonly places: number };

/** "10", "10.00", "0.000000001", up to 2^63 - 1 units. Code: value-out-of-range; the detail begins with the value. */
export const readAmount = (text: string): Result<FileAmount> => {
  const bad = (problem: string): Result<never> =>
    refuse('value-out-of-range', `"${text.slice(0, CHARS_MAX)}" ${problem}`);
  if (text === '') return bad('is no amount: write one, such as 10.00');
  if (/^-/.test(text)) return bad('is negative: swap debtor and creditor');
  if (/^\d+,\d+$/.test(text)) return bad('has a comma: write a point before decimals');
  const parts = text.length > CHARS_MAX ? null : DECIMAL.exec(text);
  if (parts === null) return bad('is not a number: write digits and a point before decimals, such as 10.00');
  const decimals = parts[2] ?? '';
  if (decimals.length > PLACES_MAX) {
    return bad(`has ${decimals.length} decimal places: write at most ${PLACES_MAX}`);
  }
  const nano = BigInt(parts[1]! + decimals.padEnd(PLACES_MAX, '0'));
  if (nano > OBLIGATION_NANO_MAX) return bad('passes 2^63 - 1 units: split it');
  return ok({ nano, places: decimals.length });
};

/** With exactly so many decimal places; throws where that is not all of it. */
export const writeAmount = (nano: bigint, places: number): string => {
  const cut = 10n ** BigInt(PLACES_MAX - places);
  if (nano % cut !== 0n) throw new RangeError(`${nano} nano need more than ${places} decimal places`);
  const digits = String((nano < 0n ? -nano : nano) / cut).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return (nano < 0n ? '-' : '') + (places === 0 ? whole : `${whole}.${digits.slice(-places)}`);
};
