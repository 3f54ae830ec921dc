/**
 * Repayments: a debtor's deposit pays what it owes. What the settler stood in for comes back to the settler; what an
 * owner gave credit for becomes that owner's earnings. The credit line is free again.
 */

import { equalBytes } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { openBook } from '../ledger/book.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { type Creditor, creditorName, eventFor, type LedgerEvent, owedAccount } from '../ledger/ledger.ts';
import { balancesOf, checkReferenced, referenceReused } from '../ledger/once.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import { type Debt, debts, disputedOf, undisputedNano } from './obligations.ts';

export type Repayment = {
  readonly debtor: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  readonly reference: string;
  /** Whom to pay: null is the settler; undefined is everyone, whose credit is older before whose is newer. */
  readonly creditor?: Creditor | undefined;
};

export type Part = { readonly creditor: Creditor; readonly nano: bigint };
export type Repaid = { readonly parts: readonly Part[]; readonly repeated: boolean };

/** One event a creditor, all under the reference. */
const eventOf = ({ debtor, currency, reference }: Repayment, { creditor, nano }: Part): LedgerEvent =>
  eventFor({
    kind: 'repayment',
    currency,
    nano,
    subject: `${reference}/${creditorName(creditor)}`,
    owner: debtor,
    ...(creditor === null
      ? { backing: 'guaranteed' as const }
      : { backing: 'bilateral' as const, other: creditor }),
  });

const CREDITOR = /^(?:settler|[0-9a-f]{64})$/;

/** The rows of this reference as they were booked; it goes on with a creditor, and another may begin like it. */
const rowsOf = async (reader: Reader, reference: string): Promise<readonly JournalRow[]> => {
  const prefix = `repayment/${reference}/`;
  const rows = await reader.rowsUnder(prefix, Number.MAX_SAFE_INTEGER);
  return rows.filter(({ key }) => CREDITOR.test(key.slice(prefix.length))).sort((a, b) => a.index - b.index);
};

const partOf = (event: LedgerEvent): Part => ({
  creditor: event.backing === 'guaranteed' ? null : event.other,
  nano: event.nano,
});

/** What was booked under the reference: the same asked again, or something else. Code: reference-reused. */
const repeated = (rows: readonly JournalRow[], asked: Repayment): Result<Repaid> => {
  const events = rows.map((row) => {
    const event = eventOfRow(row);
    if (!event.ok) throw new RangeError(event.detail);
    return event.value;
  });
  const nano = events.reduce((sum, event) => sum + event.nano, 0n);
  const wanted = asked.creditor === undefined ? undefined : creditorName(asked.creditor);
  const isSame =
    nano === asked.nano &&
    events.every(
      (event) =>
        equalBytes(event.owner, asked.debtor) &&
        event.currency === asked.currency &&
        (wanted === undefined || creditorName(partOf(event).creditor) === wanted),
    );
  return isSame
    ? ok({ parts: events.map(partOf), repeated: true })
    : referenceReused(asked.reference, rows[0]!);
};

/** Since when each creditor, by name, gives a debtor credit: its first channel on it that paid anything. */
const creditSince = async (reader: Reader, debtor: Uint8Array): Promise<ReadonlyMap<string, number>> => {
  const since = new Map<string, number>();
  for await (const channel of allRows(reader, 'channel')) {
    const { backing, payerOwner, payeeOwner, paidNano, grantedMs } = channel;
    if (backing === 'deposit' || paidNano === 0 || !equalBytes(payerOwner, debtor)) continue;
    const name = creditorName(backing === 'guaranteed' ? null : payeeOwner);
    since.set(name, Math.min(grantedMs, since.get(name) ?? grantedMs));
  }
  return since;
};

/** Whom the debtor owes, in the order it pays them. A debt by novation or by a returned debit has no channel: last. */
const creditorsOf = async (reader: Reader, asked: Repayment): Promise<readonly Creditor[]> => {
  if (asked.creditor !== undefined) return [asked.creditor];
  const since = await creditSince(reader, asked.debtor);
  const found: { creditor: Creditor; sinceMs: number }[] = [];
  for await (const { debtor, creditor, currency } of debts(reader)) {
    if (currency !== asked.currency || !equalBytes(debtor, asked.debtor)) continue;
    found.push({ creditor, sinceMs: since.get(creditorName(creditor)) ?? Number.MAX_SAFE_INTEGER });
  }
  // `debts` goes by account, so creditors of one age keep that order.
  return found.sort((a, b) => a.sinceMs - b.sinceMs).map(({ creditor }) => creditor);
};

/** The debts as they are now, right before money moves, without what is disputed. */
const dueTo = async (
  reader: Reader,
  creditors: readonly Creditor[],
  { debtor, currency }: Repayment,
): Promise<readonly Part[]> => {
  const disputed = await disputedOf(reader);
  const accounts = creditors.map((creditor) => ({ creditor, account: owedAccount(creditor, debtor) }));
  const balances = await reader.get(
    'balance',
    accounts.map(({ account }) => [account, currency]),
  );
  const nanoOf = new Map(balances.map(({ account, nano }) => [account, nano]));
  return accounts.map(({ creditor, account }) => {
    const debt: Debt = { account, creditor, debtor, currency, nano: nanoOf.get(account) ?? 0n };
    return { creditor, nano: undisputedNano(debt, disputed) };
  });
};

/** Pays each in turn until the amount is used up. Code: value-out-of-range, where it is more than is due. */
const divide = (due: readonly Part[], asked: Repayment): Result<readonly Part[]> => {
  let leftNano = asked.nano;
  const parts: Part[] = [];
  for (const { creditor, nano } of due) {
    const paidNano = leftNano - nano < 0n ? leftNano : nano;
    if (paidNano > 0n) parts.push({ creditor, nano: paidNano });
    leftNano -= paidNano;
  }
  if (leftNano === 0n) return ok(parts);
  const dueNano = formatAmount(asked.nano - leftNano);
  return refuse(
    'value-out-of-range',
    `${dueNano} ${asked.currency} are owed and not disputed: repay at most that`,
  );
};

/**
 * Books a repayment durably, all of it or nothing. The same again changes nothing.
 * Codes: value-out-of-range, reference-reused, deposit-insufficient, those of the store.
 */
export const repay = async (
  store: Store,
  asked: Repayment,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Repaid>> => {
  const checked = checkReferenced(asked.reference, asked.nano);
  if (!checked.ok) return checked;
  // Outside the transaction: finding out who is owed reads every channel, and must stop no one else.
  const creditors = await store.read((reader) => creditorsOf(reader, asked));
  if (!creditors.ok) return creditors;
  const repaid = await store.transact<Result<Repaid>>(async (reader) => {
    const known = await rowsOf(reader, asked.reference);
    if (known.length > 0) return { changes: {}, value: repeated(known, asked) };
    const parts = divide(await dueTo(reader, creditors.value, asked), asked);
    if (!parts.ok) return { changes: {}, value: parts };
    const events = parts.value.map((part) => eventOf(asked, part));
    const book = await openBook(reader, { balance: events.flatMap(balancesOf) }, nowMs, sha256);
    for (const event of events) {
      const booked = book.post(event);
      if (!booked.ok) return { changes: {}, value: booked };
    }
    return { changes: book.changes(), value: ok({ parts: parts.value, repeated: false }) };
  });
  return repaid.ok ? repaid.value : repaid;
};
