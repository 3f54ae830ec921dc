/** Books money that came in as the deposit of the owner whom its payer named. */

import { toHex } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import { refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { eventFor, type LedgerEvent } from '../ledger/ledger.ts';
import type { Reader } from '../store/store.ts';
import type { BankFact } from './bank-fact.ts';
import { nanoOfCents } from './cents.ts';
import { ownersIn } from './deposit-reference.ts';
import { type ImportLine, lineOf, refusedLine } from './import-line.ts';

const SUBJECT_BYTES = 16;

/**
 * What the deposit is known by. The notification and the statement of one booking agree in these; banks use one
 * reference for bookings of different days or amounts.
 */
const subjectOf = ({ account, bankReference, day, amount }: BankFact, sha256: Sha256): string => {
  const named = encodeCbor([account, bankReference, day, String(amount?.cents), amount?.currency ?? '']);
  return `bank-${toHex(sha256(named).subarray(0, SUBJECT_BYTES))}`;
};

/** A deposit as it may be booked, or why a person has to look at it. */
export type Incoming = { readonly event: LedgerEvent } | { readonly line: ImportLine };

/** By hand, a deposit is booked within days of the bank's booking. */
const BY_HAND_MS = 31 * 86_400_000;

/** The row of a deposit that a person booked before, under the bank's own reference. */
const bookedByHand = async (
  reader: Reader,
  { bankReference, amount, day }: BankFact,
): Promise<JournalRow | undefined> => {
  if (bankReference === null || amount === null || day === null) return undefined;
  const [row] = await reader.rows([`deposit/${bankReference}`]);
  const event = row === undefined ? undefined : eventOfRow(row);
  if (row === undefined || event?.ok !== true) return undefined;
  const { nano, currency } = event.value;
  const isSame = nano === nanoOfCents(amount.cents) && currency === amount.currency;
  return isSame && Math.abs(row.timeMs - Date.parse(day)) <= BY_HAND_MS ? row : undefined;
};

const whoseIs = (fact: BankFact): string => {
  const { name, account } = fact.payer ?? { name: null, account: null };
  const from = [name, account].filter((part) => part !== null).join(', ');
  return `${from === '' ? '' : `from ${from}: `}"${fact.text}"`;
};

/** `own` is the IBAN that the settler's bank statements are of; null where it is not set. */
export const incomingOf = async (
  reader: Reader,
  fact: BankFact,
  own: string | null,
  sha256: Sha256,
): Promise<Incoming> => {
  const { amount, bankReference, about } = fact;
  const person = (why: string): Incoming => ({ line: lineOf(fact, 'person', why) });
  if (own !== null && fact.account !== null && fact.account !== own) {
    return person(`it is of account ${fact.account}, the settler's is ${own}`);
  }
  if (amount === null) return person('the bank does not say how much it is');
  const byHand = await bookedByHand(reader, fact);
  if (byHand !== undefined) {
    const why = `deposit ${bankReference}, booked by hand in row ${byHand.index}`;
    return { line: lineOf(fact, 'known', why, { subject: 'deposit' }) };
  }
  const typed = about.by === 'payment' ? `${fact.text} ${about.endToEndId}` : fact.text;
  const [owner, ...others] = await ownersIn(reader, typed, amount.currency, sha256);
  if (owner === undefined) {
    const remedy = `find out whose it is, then settler deposit --reference ${bankReference ?? '…'}`;
    return {
      line: refusedLine(
        fact,
        refuse('status-unknown', `no known owner is named, ${whoseIs(fact)}: ${remedy}`),
      ),
    };
  }
  if (others.length > 0) return person(`more than one owner is named, ${whoseIs(fact)}: settler deposit`);
  if (bankReference === null) {
    return person(
      `the bank gives no reference, so it might be booked twice: settler deposit for ${didKey(owner)}`,
    );
  }
  const { cents, currency } = amount;
  const subject = subjectOf(fact, sha256);
  return { event: eventFor({ kind: 'deposit', currency, nano: nanoOfCents(cents), subject, owner }) };
};

/** The book has loaded the event's balances; `isBooked` says that its key is in the journal. */
export const importDeposit = (
  book: Book,
  fact: BankFact,
  event: LedgerEvent,
  isBooked: boolean,
): ImportLine => {
  const about = { subject: 'deposit' };
  const whose = `deposit of ${didKey(event.owner)}`;
  if (isBooked) return lineOf(fact, 'known', whose, about);
  const booked = book.post(event);
  return booked.ok ? lineOf(fact, 'booked', whose, { ...about, booked: 1 }) : refusedLine(fact, booked);
};
