/** A request on its way to a transaction: what it wants of the database, and what it does once that is there. */

import type { Result } from '../../../schemas/result.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import type { Answer } from './answer.ts';

export type Task = {
  readonly wants: Wanted;
  /** What it wants once those are known; nothing more where it is left out. */
  readonly reach?: (book: Book) => Wanted;
  readonly apply: (book: Book) => Result<Answer>;
  /** Before it queues: what can be checked without the database, beside the transactions of others. */
  readonly ahead?: () => Promise<void> | undefined;
  /** It moves nothing that decides what others reach: no owner, no new channel. */
  readonly steady?: true;
};

/** The wishes of many as one. */
export const together = (all: readonly Wanted[]): Wanted => {
  const wanted: { [table: string]: unknown[] } = {};
  for (const one of all) {
    for (const [table, keys] of Object.entries(one)) {
      const list = wanted[table] ?? [];
      wanted[table] = list;
      for (const key of keys) list.push(key);
    }
  }
  return wanted as Wanted;
};
