/**
 * Numbers of ACH entries and letters of ACH files: each is given once. Returns name nothing but the number of an entry,
 * so no number may stand for two that can still come back.
 *
 * Numbers also rise with the days, so that a database that is restored from a backup of another day does not give
 * away those it forgot.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import type { Key } from '../store/tables.ts';
import { MODIFIERS } from './nacha-order.ts';

/** `meta` row: `<the next count> <day of the last file> <files on that day>`. */
export const ACH_SEQUENCE: Key = ['ach-sequence'];

const DAY_MS = 86_400_000;
const COUNTS_A_DAY = 10_000;
/** Seven digits, from 1. They begin anew after 999 days, long after the last return of the one before. */
const TRACES = 9_990_000;

/** Where the numbers and letters of a run begin. */
export type AchPlace = { readonly firstTrace: number; readonly modifier: string };

type Sequence = { readonly next: number; readonly day: number; readonly files: number };

const sequenceIn = (book: Book): Sequence => {
  const [next = 0, day = 0, files = 0] = (book.get('meta', ACH_SEQUENCE)?.value ?? '').split(' ').map(Number);
  const today = Math.floor(book.timeMs / DAY_MS);
  return { next: Math.max(next, today * COUNTS_A_DAY), day: today, files: day === today ? files : 0 };
};

/** The first count of that many whose trace numbers follow each other. */
const startOf = (next: number, entries: number): number =>
  (next % TRACES) + entries <= TRACES ? next : Math.ceil(next / TRACES) * TRACES;

/** Code: value-out-of-range, where the day has had all its files. */
export const nextPlace = (book: Book, entries: number): Result<AchPlace> => {
  const { next, files } = sequenceIn(book);
  const modifier = MODIFIERS[files];
  return modifier === undefined
    ? refuse(
        'value-out-of-range',
        `a day has no more than ${MODIFIERS.length} ACH files: make this run tomorrow`,
      )
    : ok({ firstTrace: (startOf(next, entries) % TRACES) + 1, modifier });
};

/** Takes what `nextPlace` said, for so many entries in so many files. */
export const takePlace = (book: Book, entries: number, files: number): void => {
  const sequence = sequenceIn(book);
  const next = startOf(sequence.next, entries) + entries;
  book.put('meta', { name: 'ach-sequence', value: `${next} ${sequence.day} ${sequence.files + files}` });
};
