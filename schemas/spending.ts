/**
 * Spending: what the settler has booked against the budget of a device. It answers an enrolment, and the
 * device shows it to its owner.
 *
 *     COSE_Sign1(["tb1/spending", device], [certificate, issuedS, owner, currency, budgetVersion, totalNano,
 *     spentNano, reservedNano, todayNano, depositNano, journalIndex])
 */

import type { Verify } from './crypto.ts';
import { amount, count, currency, key, U32_MAX } from './fields.ts';
import { ok, type Result } from './result.ts';
import { openFromSettler, type SettlerSigner, signAsSettler } from './settler.ts';

export type Spending = {
  readonly issuedS: number;
  readonly owner: Uint8Array;
  readonly currency: string;
  /** The highest version that the settler has seen, with its total. */
  readonly budgetVersion: number;
  readonly totalNano: number;
  /** Claimed by payees so far, over all versions of the budget. */
  readonly spentNano: number;
  /** Granted to channels and not yet claimed. */
  readonly reservedNano: number;
  /** Spent or reserved since midnight UTC. */
  readonly todayNano: number;
  /** Free in the owner's deposit, for all of its devices; at most 2^53 - 1 is said. */
  readonly depositNano: number;
  /** Of the settler's journal, when this was read. */
  readonly journalIndex: number;
};

const FIELDS = [
  key('owner'),
  currency('currency'),
  count('budgetVersion', U32_MAX),
  amount('totalNano'),
  amount('spentNano'),
  amount('reservedNano'),
  amount('todayNano'),
  amount('depositNano'),
  amount('journalIndex'),
];

export const signSpending = (device: Uint8Array, spending: Spending, settler: SettlerSigner): Uint8Array =>
  signAsSettler(
    'spending',
    ['tb1/spending', device],
    spending.issuedS,
    [
      spending.owner,
      spending.currency,
      spending.budgetVersion,
      spending.totalNano,
      spending.spentNano,
      spending.reservedNano,
      spending.todayNano,
      spending.depositNano,
      spending.journalIndex,
    ],
    FIELDS,
    settler,
  );

/** Codes: those of `openFromSettler`. */
export const openSpending = (
  encoded: Uint8Array,
  device: Uint8Array,
  settler: Uint8Array,
  verify: Verify,
): Result<Spending> => {
  const fields = openFromSettler('spending', encoded, ['tb1/spending', device], FIELDS, settler, verify);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    issuedS: f[1] as number,
    owner: f[2] as Uint8Array,
    currency: f[3] as string,
    budgetVersion: f[4] as number,
    totalNano: f[5] as number,
    spentNano: f[6] as number,
    reservedNano: f[7] as number,
    todayNano: f[8] as number,
    depositNano: f[9] as number,
    journalIndex: f[10] as number,
  });
};
