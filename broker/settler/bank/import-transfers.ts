/** Books a bank's word on transfers of ours. Money is compared first: amount, currency, and which way it went. */

import { type Refusal, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import type { PayoutRow } from '../store/tables.ts';
import type { BankFact, FactKind } from './bank-fact.ts';
import { formatCents, nanoOfCents } from './cents.ts';
import { type ImportLine, lineOf, refusedLine } from './import-line.ts';
import { hasFormOfOurs } from './recovery.ts';
import { directionOf, hear, type Word } from './settling.ts';

const WORDS: { readonly [K in FactKind]?: Word } = {
  posted: 'posted',
  rejected: 'voided',
  returned: 'returned',
};

/** The word of a fact on a transfer; undefined where there is nothing to book. */
export const wordOf = ({ kind }: BankFact): Word | undefined => WORDS[kind];

/** Payouts leave and come back in; collections come in and go back out. */
const wentWrong = ({ kind, direction }: BankFact, row: PayoutRow): boolean => {
  if (direction === null) return false;
  const leaves = (directionOf(row) === 'payout') === (kind === 'posted');
  return direction !== (leaves ? 'out' : 'in');
};

/** What was turned away before is no part of what a bank books as one. */
const checkMoney = (fact: BankFact, rows: readonly PayoutRow[], wide: boolean): Refusal | undefined => {
  const [first] = rows;
  if (first === undefined) return undefined;
  if (wentWrong(fact, first)) {
    return refuse(
      'value-out-of-range',
      `it went ${fact.direction}, which no ${directionOf(first)} does: ask the bank`,
    );
  }
  if (fact.amount === null) return undefined;
  const { cents, currency } = fact.amount;
  const booked = wide ? rows.filter(({ state }) => state !== 'voided') : rows;
  const nano = booked.reduce((sum, row) => sum + row.nano, 0n);
  if (currency === first.currency && nanoOfCents(cents) === nano) return undefined;
  const ours = `${formatCents(nano / nanoOfCents(1n))} ${first.currency}`;
  return refuse(
    'value-out-of-range',
    `the bank says ${formatCents(cents)} ${currency}, ordered was ${ours}: ask it`,
  );
};

type Told = { readonly booked: number; readonly refused: readonly Refusal[] };

const tellAll = (book: Book, fact: BankFact, word: Word, rows: readonly PayoutRow[]): Told => {
  let booked = 0;
  const refused: Refusal[] = [];
  for (const row of rows) {
    const heard = hear(book, row, word, fact.reason, 'value-out-of-range');
    if (!heard.ok) refused.push(heard);
    else if (heard.value.booked) booked += 1;
  }
  return { booked, refused };
};

const summary = (word: Word, rows: readonly PayoutRow[], { booked, refused }: Told): string => {
  const [first] = rows;
  if (rows.length === 1 && first !== undefined) return `${directionOf(first)} ${word}`;
  const known = rows.length - booked - refused.length;
  const others = refused.length === 0 ? '' : `, ${refused.length} not: ${refused[0]!.detail}`;
  return `${booked} ${word}, ${known} known before${others}`;
};

/** The rows that were found for the fact, those of which nothing narrower was said in its file. */
export const importTransfers = (
  book: Book,
  fact: BankFact,
  rows: readonly PayoutRow[],
  wide: boolean,
): ImportLine => {
  const word = wordOf(fact);
  if (word === undefined) return lineOf(fact, 'noted', fact.text === '' ? 'the bank goes on' : fact.text);
  if (rows.length === 0) return lineOf(fact, 'known', 'each of its payments has a word of its own');
  const wrong = checkMoney(fact, rows, wide);
  if (wrong !== undefined) return refusedLine(fact, wrong);
  const told = tellAll(book, fact, word, rows);
  const subject = rows.length === 1 ? { subject: rows[0]!.id } : {};
  const detail = summary(word, rows, told);
  const [refused] = told.refused;
  if (refused !== undefined) {
    const { code } = refused;
    return lineOf(fact, 'person', rows.length === 1 ? refused.detail : detail, {
      ...subject,
      booked: told.booked,
      code,
    });
  }
  return lineOf(fact, told.booked > 0 ? 'booked' : 'known', detail, { ...subject, booked: told.booked });
};

/** Code: status-unknown. */
export const unknownStatus = (fact: BankFact): Refusal => {
  const { about, status, direction } = fact;
  if (about.by === 'payment' && hasFormOfOurs(about.endToEndId)) {
    const remedy = 'after a restore set what its owner had, account and mandate, then import again';
    return refuse('status-unknown', `${status} names a transfer that is not known here: ${remedy}`);
  }
  const what = about.by === 'nothing' ? 'names no payment' : 'names no transfer of this settler';
  const remedy =
    direction === null || about.by === 'trace'
      ? 'is the file of another account, or of another database?'
      : `if money moved ${direction} otherwise, such as a fee, it is not in these books`;
  return refuse('status-unknown', `${status} ${what}: ${remedy}`);
};
