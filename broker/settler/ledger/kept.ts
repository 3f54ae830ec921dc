/**
 * Rows that outlive their transaction. What follows from the journal is as it was for as long as the journal ends with
 * the same row: whoever else books, in this process or on another machine, moves its head, and then all is read anew.
 */

import { equalBytes } from '../../../schemas/bytes.ts';
import { TABLE_NAMES, type TableName } from '../store/tables.ts';
import { EMPTY_HEAD, type Head } from './journal.ts';

/** Rows of a table by `keyText`; undefined: asked for, and not there. */
export type Rows = { readonly [T in TableName]: Map<string, unknown> };

export const noRows = (): Rows =>
  Object.fromEntries(TABLE_NAMES.map((table) => [table, new Map()])) as unknown as Rows;

/** What a claim reads, and nothing but events change. */
const KEPT = ['balance', 'channel', 'spending', 'dispute'] as const;

/** Some four a channel, 2 kB together. Beyond it all are forgotten. */
const ROWS_MAX = 65_536;

export type Kept = {
  /** For a transaction that finds the journal so: the rows that are known, to which it adds what it reads. */
  readonly at: (head: Head) => Rows;
  /** What a transaction changed, once it is committed. */
  readonly keep: (head: Head, changed: Rows) => void;
};

export const createKept = (): Kept => {
  let rows = noRows();
  let known = EMPTY_HEAD;
  const isFull = (): boolean => KEPT.reduce((count, table) => count + rows[table].size, 0) > ROWS_MAX;
  return {
    at: (head) => {
      const { balance, channel, spending, dispute } =
        equalBytes(head.hash, known.hash) && !isFull() ? rows : noRows();
      rows = { ...noRows(), balance, channel, spending, dispute };
      known = head;
      return rows;
    },
    keep: (head, changed) => {
      for (const table of KEPT) for (const [text, row] of changed[table]) rows[table].set(text, row);
      known = head;
    },
  };
};
