/** Makes a run: its transfers pending, durably, with everything that its files will ever need. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { type Book, openBook } from '../ledger/book.ts';
import { runName } from '../ledger/run-name.ts';
import type { Outcome, Reader } from '../store/store.ts';
import type { MandateRow, OwnerRow, PayoutRow, RunRow } from '../store/tables.ts';
import { nextUse, useText } from './mandates.ts';
import { writeNacha } from './nacha-writer.ts';
import { filesOfRun, nachaOrderOf } from './run-files.ts';
import { type Direction, type Occasion, type Run, type Scheme, type Self, transferIdOf } from './runs.ts';
import { type AchRunSender, type AchSender, achSender, senderText, sepaSender } from './sender.ts';
import { balancesMoved, transferEvent } from './settling.ts';
import { ACH_SEQUENCE, nextPlace, takePlace } from './traces.ts';

/** One transfer each; more take the next sequence. Banks accept messages of this size. */
const TRANSFERS_MAX = 10_000;

/** What is to be moved, from or to whom. */
export type Due = {
  readonly details: OwnerRow;
  readonly nano: bigint;
  /** What a collection rests on; null for a payout. */
  readonly mandate: MandateRow | null;
};

export type Making = {
  readonly direction: Direction;
  readonly occasion: Occasion;
  readonly scheme: Scheme;
  readonly self: Self;
  readonly due: readonly Due[];
  readonly waiting: readonly string[];
};

type Transfer = { readonly row: PayoutRow; readonly mandate: MandateRow | null };

/** By id, so that nothing but the run decides their order. */
const transfersOf = ({ direction, occasion, self, due }: Making, sha256: Sha256): readonly Transfer[] =>
  due
    .map(({ details, nano, mandate }): Transfer => {
      const { key: owner, name, bank, holder } = details;
      const row: PayoutRow = {
        id: transferIdOf(direction, self.root, owner, occasion, sha256),
        run: runName(direction, occasion),
        owner,
        currency: occasion.currency ?? 'EUR',
        nano,
        name,
        bank,
        holder,
        mandate: mandate === null ? null : useText(nextUse(mandate)),
        state: 'pending',
        reason: null,
        changedMs: 0,
      };
      return { row, mandate };
    })
    .sort((a, b) => (a.row.id < b.row.id ? -1 : 1));

/** Gives numbers to the entries of an ACH run. */
const numbered = (
  book: Book,
  run: RunRow,
  payouts: readonly PayoutRow[],
  sender: AchSender,
): Result<RunRow> => {
  const entries = payouts.length * (sender.balanced ? 2 : 1);
  const place = nextPlace(book, entries);
  if (!place.ok) return place;
  const numberedRun = { ...run, sender: senderText({ ...sender, ...place.value } satisfies AchRunSender) };
  const order = nachaOrderOf(numberedRun, payouts);
  const written = writeNacha(order);
  if (!written.ok) return written;
  for (const [i, payment] of order.payments.entries()) {
    book.put('trace', { trace: written.value.traces.get(payment.id)!, payout: payouts[i]!.id });
  }
  takePlace(book, entries, written.value.files.length);
  return ok(numberedRun);
};

/** The run with what its files say of their sender. Code: bank-details, value-out-of-range. */
const withSender = async (
  reader: Reader,
  book: Book,
  run: RunRow,
  payouts: readonly PayoutRow[],
  scheme: Scheme,
): Promise<Result<RunRow>> => {
  if (scheme === 'ach') {
    const sender = await achSender(reader);
    return sender.ok ? numbered(book, run, payouts, sender.value) : sender;
  }
  if (run.kind === 'payout') return ok(run);
  const sender = await sepaSender(reader);
  return sender.ok ? ok({ ...run, sender: senderText(sender.value) }) : sender;
};

/** A run without transfers is not made: what becomes due later today still finds it. */
const nothingDue = (making: Making): Run => ({
  run: runRowOf(making, 0),
  payouts: [],
  repeated: false,
  waiting: making.waiting,
  left: 0,
});

const runRowOf = ({ direction, occasion, self }: Making, createdMs: number): RunRow => ({
  id: runName(direction, occasion),
  kind: direction,
  createdMs,
  executionDate: occasion.executionDate,
  currency: occasion.currency ?? 'EUR',
  name: self.party.name,
  bank: self.party.bank,
  sender: '',
  over: false,
});

/**
 * What a transaction writes to make the run: nothing where its files cannot be written.
 * Codes: bank-details, value-out-of-range, deposit-insufficient.
 */
export const newRun = async (
  reader: Reader,
  making: Making,
  nowMs: number,
  sha256: Sha256,
): Promise<Outcome<Result<Run>>> => {
  const all = transfersOf(making, sha256);
  if (all.length === 0) return { changes: {}, value: ok(nothingDue(making)) };
  const taken = all.slice(0, TRANSFERS_MAX);
  const wanted = { balance: taken.flatMap(({ row }) => balancesMoved(row)), meta: [ACH_SEQUENCE] };
  const book = await openBook(reader, wanted, nowMs, sha256);
  const payouts = taken.map(({ row }) => ({ ...row, changedMs: book.timeMs }));
  for (const payout of payouts) {
    const booked = book.post(transferEvent(`${making.direction}-pending`, payout));
    if (!booked.ok) return { changes: {}, value: booked };
    book.put('payout', payout);
  }
  for (const { mandate } of taken) {
    if (mandate !== null) book.put('mandate', { ...mandate, collections: mandate.collections + 1 });
  }
  const run = await withSender(reader, book, runRowOf(making, book.timeMs), payouts, making.scheme);
  if (!run.ok) return { changes: {}, value: run };
  book.put('run', run.value);
  const { waiting } = making;
  const made = { run: run.value, payouts, repeated: false, waiting, left: all.length - taken.length };
  const files = filesOfRun(made, making.self.root);
  return files.ok ? { changes: book.changes(), value: ok(made) } : { changes: {}, value: files };
};
