/**
 * What the settler asks of a database. Everything a batch of requests changes is one `Changes`, committed
 * whole or not at all; so there is nothing between two writes that a crash could leave behind.
 */

import type { Result } from '../../../schemas/result.ts';
import type { Head, JournalRow } from '../ledger/journal.ts';
import type { Balance, ChannelRow, Key, PayoutRow, TableName, Tables } from './tables.ts';

/** Rows by table. A row replaces the row with the same key. */
export type Puts = { readonly [T in TableName]?: readonly Tables[T][] };

/** Written in one transaction. The journal only grows. */
export type Changes = { readonly journal?: readonly JournalRow[]; readonly put?: Puts };

/** One consistent view. Asking for many at once keeps a batch at few round trips on a database far away. */
export type Reader = {
  readonly head: () => Promise<Head>;
  /** The rows with these keys, in no particular order; keys without a row are left out. */
  readonly get: <T extends TableName>(table: T, keys: readonly Key[]) => Promise<readonly Tables[T][]>;
  /** Rows whose key begins with `leading` by key, those after the row `after` (null: from the first). */
  readonly page: <T extends TableName>(
    table: T,
    leading: Key,
    after: Tables[T] | null,
    countMax: number,
  ) => Promise<readonly Tables[T][]>;
  /** Balances by account and currency whose account starts so. */
  readonly balancesUnder: (
    prefix: string,
    after: Balance | null,
    countMax: number,
  ) => Promise<readonly Balance[]>;
  /** Journal rows with these idempotency keys. */
  readonly rows: (keys: readonly string[]) => Promise<readonly JournalRow[]>;
  /** Journal rows in order, `from` the first index. */
  readonly journal: (from: number, countMax: number) => Promise<readonly JournalRow[]>;
  /** Journal rows whose key starts so, by key: the claims of a channel by rising total. */
  readonly rowsUnder: (keyPrefix: string, countMax: number) => Promise<readonly JournalRow[]>;
  /** Open channels with an expiry at or before `expiryS`, the earliest first. */
  readonly expired: (expiryS: number, countMax: number) => Promise<readonly ChannelRow[]>;
  /** Those of a run, by id. */
  readonly payoutsOf: (run: string) => Promise<readonly PayoutRow[]>;
};

export type Outcome<T> = { readonly changes: Changes; readonly value: T };

/**
 * A store. `transact` runs `work` on the newest state while nobody else writes, commits its changes durably,
 * then answers; where it refuses (storage-full, storage-failed, busy) nothing was written, or `detail` says that a
 * database that went away in a commit stays away: nobody knows, and repeating is safe by the keys of the journal.
 * A `work` that throws writes nothing either, and `transact` throws the same. `read` never waits for writers.
 */
export type Store = {
  readonly transact: <T>(work: (reader: Reader) => Promise<Outcome<T>>) => Promise<Result<T>>;
  readonly read: <T>(work: (reader: Reader) => Promise<T>) => Promise<Result<T>>;
  /** Is the database itself sound (not what it says: `Replay` decides that)? Code: storage-failed. */
  readonly check: () => Promise<Result<null>>;
  readonly close: () => Promise<void>;
};

const PAGE = 500;

/** All pages of a query, one after the other. */
export const pages = async function* <T>(
  next: (after: T | null, countMax: number) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  let after: T | null = null;
  for (;;) {
    const page: readonly T[] = await next(after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!;
  }
};

/** Every row of a table by key; of those whose key begins so, where `leading` says. */
export const allRows = <T extends TableName>(
  reader: Reader,
  table: T,
  leading: Key = [],
): AsyncGenerator<Tables[T]> =>
  pages<Tables[T]>((after, countMax) => reader.page(table, leading, after, countMax));
