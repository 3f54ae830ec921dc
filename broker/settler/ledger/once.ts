/** Events that a person or a bank gives a reference: booked once, and asked again answered as they were booked. */

import { equalBytes } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Store } from '../store/store.ts';
import type { Key } from '../store/tables.ts';
import { formatAmount } from './amount.ts';
import { type Book, openBook, type Wanted } from './book.ts';
import { eventOfRow, type JournalRow } from './journal.ts';
import { entriesOf, eventItem, keyOf, type LedgerEvent } from './ledger.ts';

/** `repeated`: the reference had been booked before, and nothing was booked now. */
export type Booked = { readonly row: JournalRow; readonly repeated: boolean };

const REFERENCE = /^[!-~]{1,64}$/;

/** 1 to 64 printable ASCII characters without spaces, and an amount that moves something. Code: value-out-of-range. */
export const checkReferenced = (reference: string, nano: bigint): Result<null> => {
  if (!REFERENCE.test(reference)) {
    const wanted = 'must be 1 to 64 ASCII characters, no spaces';
    return refuse('value-out-of-range', `the reference "${reference}" ${wanted}`);
  }
  return nano > 0n ? ok(null) : refuse('value-out-of-range', `${formatAmount(nano)} moves nothing`);
};

export const referenceReused = (reference: string, row: JournalRow) =>
  refuse('reference-reused', `${reference} is booked in row ${row.index} as something else`);

/** The accounts that an event moves money between. */
export const balancesOf = (event: LedgerEvent): readonly Key[] =>
  entriesOf(event).flatMap(({ debit, credit, currency }) => [
    [debit, currency],
    [credit, currency],
  ]);

const isSame = (row: JournalRow, event: LedgerEvent): boolean => {
  const booked = eventOfRow(row);
  return booked.ok && equalBytes(encodeCbor(eventItem(booked.value)), encodeCbor(eventItem(event)));
};

/** What an event needs to be looked at first, and what stands against it. */
export type Guard = { readonly wants: Wanted; readonly check: (book: Book) => Result<null> };

/**
 * Books the event durably, whose subject is the reference. The same again changes nothing.
 * Codes: value-out-of-range, reference-reused (for another event), deposit-insufficient, those of the guard and the
 * store.
 */
export const bookOnce = async (
  store: Store,
  event: LedgerEvent,
  nowMs: number,
  sha256: Sha256,
  guard: Guard = { wants: {}, check: () => ok(null) },
): Promise<Result<Booked>> => {
  const checked = checkReferenced(event.subject, event.nano);
  if (!checked.ok) return checked;
  const booked = await store.transact<Result<Booked>>(async (reader) => {
    const [known] = await reader.rows([keyOf(event)]);
    if (known !== undefined) {
      const value = isSame(known, event)
        ? ok({ row: known, repeated: true })
        : referenceReused(event.subject, known);
      return { changes: {}, value };
    }
    const book = await openBook(reader, { balance: balancesOf(event) }, nowMs, sha256);
    await book.load(guard.wants);
    const guarded = guard.check(book);
    const row = guarded.ok ? book.post(event) : guarded;
    return { changes: book.changes(), value: row.ok ? ok({ row: row.value, repeated: false }) : row };
  });
  return booked.ok ? booked.value : booked;
};
