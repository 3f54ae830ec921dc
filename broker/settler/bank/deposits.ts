/** Deposits: money that reached the settler's bank, booked once per bank reference. */

import { equalBytes } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { openBook } from '../ledger/book.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { bankAccount, depositAccount, eventFor, keyOf, type LedgerEvent } from '../ledger/ledger.ts';
import type { Store } from '../store/store.ts';

export type Deposit = {
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  /** The bank's own reference: 1 to 64 printable ASCII characters without spaces. */
  readonly reference: string;
};

/** `repeated`: the reference had been booked before, and nothing was booked now. */
export type Booked = { readonly row: JournalRow; readonly repeated: boolean };

const REFERENCE = /^[!-~]{1,64}$/;

const eventOf = ({ currency, nano, reference, owner }: Deposit): LedgerEvent =>
  eventFor({ kind: 'deposit', currency, nano, subject: reference, owner });

const sameDeposit = (row: JournalRow, deposit: Deposit): boolean => {
  const event = eventOfRow(row);
  if (!event.ok) return false;
  const { owner, currency, nano } = event.value;
  return equalBytes(owner, deposit.owner) && currency === deposit.currency && nano === deposit.nano;
};

/**
 * Books a deposit durably. The same again changes nothing.
 * Codes: value-out-of-range, reference-reused (for another deposit), those of the store.
 */
export const bookDeposit = async (
  store: Store,
  deposit: Deposit,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Booked>> => {
  const { reference, currency, nano, owner } = deposit;
  if (!REFERENCE.test(reference)) {
    return refuse(
      'value-out-of-range',
      `the reference "${reference}" must be 1 to 64 ASCII characters, no spaces`,
    );
  }
  if (nano <= 0n) return refuse('value-out-of-range', `a deposit of ${formatAmount(nano)} moves nothing`);
  const event = eventOf(deposit);
  const booked = await store.transact<Result<Booked>>(async (reader) => {
    const [known] = await reader.rows([keyOf(event)]);
    if (known !== undefined) {
      const value: Result<Booked> = sameDeposit(known, deposit)
        ? ok({ row: known, repeated: true })
        : refuse('reference-reused', `${reference} is booked in row ${known.index} as another deposit`);
      return { changes: {}, value };
    }
    const accounts = [depositAccount(owner), bankAccount(currency)];
    const wanted = { balance: accounts.map((account) => [account, currency]) };
    const book = await openBook(reader, wanted, nowMs, sha256);
    const row = book.post(event);
    return { changes: book.changes(), value: row.ok ? ok({ row: row.value, repeated: false }) : row };
  });
  return booked.ok ? booked.value : booked;
};
