/** Enrolments: a device spends from and earns to an owner, within a budget that both have signed. */

import { type Enrolment, openEnrolment } from '../../../schemas/budget.ts';
import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import { depositAccount, eventFor } from '../ledger/ledger.ts';
import { dayScope } from '../ledger/projection.ts';
import type { BudgetRow } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import type { Desk } from './desk.ts';
import type { Task } from './task.ts';

/** Each word of an owner is for one settler, in a currency that it keeps. Codes: settler-unpinned, currency-unknown. */
export const checkAddressed = (
  word: { readonly settler: Uint8Array; readonly currency: string },
  desk: Desk,
): Result<null> => {
  if (!equalBytes(word.settler, desk.root)) {
    return refuse('settler-unpinned', 'what was signed names another settler: send it there');
  }
  if (desk.currencies.includes(word.currency)) return ok(null);
  const known = desk.currencies.join(', ');
  return refuse('currency-unknown', `${word.currency} is not settled here, only ${known}`);
};

const take = (given: Book, { device, owner, currency, version }: Enrolment, proof: Uint8Array): BudgetRow => {
  const booked = given.post(
    eventFor({
      kind: 'enrolment',
      currency,
      nano: 0n,
      subject: `${toHex(device)}/${version}`,
      owner,
      other: device,
      proof,
    }),
  );
  if (!booked.ok) throw new RangeError(booked.detail);
  return given.get('budget', [device])!;
};

/** As large as one amount on the wire can be; a deposit may be larger. */
const shown = (nano: bigint): number =>
  nano > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(nano);

const spendingOf = (given: Book, budget: BudgetRow): Answer => {
  const { device, owner, currency, version, totalNano } = budget;
  const inScope = (scope: string): bigint => given.get('spending', [device, scope])?.nano ?? 0n;
  return {
    kind: 'spending',
    device,
    spending: {
      owner,
      currency,
      budgetVersion: version,
      totalNano,
      spentNano: shown(inScope('spent')),
      reservedNano: shown(inScope('total') - inScope('spent')),
      todayNano: shown(inScope(dayScope(given.timeMs))),
      depositNano: shown(given.balanceNano(depositAccount(owner), currency)),
      journalIndex: given.length(),
    },
  };
};

const reachOf = (given: Book, { device, owner, currency }: Enrolment): Wanted => {
  const held = given.get('budget', [device]);
  const deposits = [{ owner, currency }, ...(held === undefined ? [] : [held])];
  return {
    spending: ['total', 'spent', dayScope(given.timeMs)].map((scope) => [device, scope]),
    balance: deposits.map((account) => [depositAccount(account.owner), account.currency]),
  };
};

/**
 * Takes an enrolment of a higher version, and answers any with the spending of now.
 * Codes: those of `openEnrolment`, settler-unpinned, currency-unknown.
 */
export const enrol = (bytes: Uint8Array, desk: Desk): Result<Task> => {
  const opened = openEnrolment(bytes, desk.crypto.verify);
  if (!opened.ok) return opened;
  const enrolment = opened.value;
  const scoped = checkAddressed(enrolment, desk);
  if (!scoped.ok) return scoped;
  return ok({
    wants: { budget: [[enrolment.device]] },
    reach: (given) => reachOf(given, enrolment),
    apply: (given) => {
      const held = given.get('budget', [enrolment.device]);
      const isNewer = held === undefined || enrolment.version > held.version;
      return ok(spendingOf(given, isNewer ? take(given, enrolment, bytes) : held));
    },
  });
};
