/** Enrolments: a device spends from and earns to an owner, within a budget that both have signed. */

import { type Enrolment, openEnrolment } from '../../../schemas/budget.ts';
import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import { depositAccount, eventFor } from '../ledger/ledger.ts';
import { dayScope, spentScope, totalScope } from '../ledger/projection.ts';
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

const take = (book: Book, { device, owner, currency, version }: Enrolment, proof: Uint8Array): BudgetRow => {
  const booked = book.post(
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
  return book.get('budget', [device])!;
};

/** As large as one amount on the wire can be; a deposit may be larger. */
const shown = (nano: bigint): number =>
  nano > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(nano);

const spendingOf = (book: Book, budget: BudgetRow): Answer => {
  const { device, owner, currency, version, totalNano } = budget;
  const inScope = (scope: string): bigint => book.get('spending', [device, scope])?.nano ?? 0n;
  return {
    kind: 'spending',
    device,
    spending: {
      owner,
      currency,
      budgetVersion: version,
      totalNano,
      spentNano: shown(inScope(spentScope(currency))),
      reservedNano: shown(inScope(totalScope(currency)) - inScope(spentScope(currency))),
      todayNano: shown(inScope(dayScope(currency, book.timeMs))),
      depositNano: shown(book.balanceNano(depositAccount(owner), currency)),
      journalIndex: book.length(),
    },
  };
};

/** What the spending of now is read from: for the budget that is held, and for the one that comes. */
const reachOf = (book: Book, enrolment: Enrolment): Wanted => {
  const { device } = enrolment;
  const budgets = [enrolment, book.get('budget', [device]) ?? enrolment];
  return {
    spending: budgets.flatMap(({ currency }) =>
      [totalScope(currency), spentScope(currency), dayScope(currency, book.timeMs)].map((scope) => [
        device,
        scope,
      ]),
    ),
    balance: budgets.map(({ owner, currency }) => [depositAccount(owner), currency]),
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
    reach: (book) => reachOf(book, enrolment),
    apply: (book) => {
      const held = book.get('budget', [enrolment.device]);
      const isNewer = held === undefined || enrolment.version > held.version;
      return ok(spendingOf(book, isNewer ? take(book, enrolment, bytes) : held));
    },
  });
};
