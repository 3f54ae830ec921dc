/**
 * The working set of one transaction: what a batch of requests reads and changes. Requests are applied to it
 * one after the other, in memory; then `changes` goes to the store whole.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import type { Changes, Puts, Reader } from '../store/store.ts';
import {
  type Key,
  keyOfRow,
  keyText,
  type MetaRow,
  TABLE_NAMES,
  type TableName,
  type Tables,
} from '../store/tables.ts';
import { type Head, headAfter, type JournalRow, nextRow } from './journal.ts';
import { createKept, type Kept, noRows, type Rows } from './kept.ts';
import { apply, type LedgerEvent } from './ledger.ts';
import { believingWith, project } from './projection.ts';
import { STALE, staleMeta } from './stale.ts';

/** The rows a batch may touch, by table. */
export type Wanted = { readonly [T in TableName]?: readonly Key[] };

export type Book = {
  /** The journal's time: never before what is already written, whatever the clock says. */
  readonly timeMs: number;
  /** Rows in the journal, with those of this batch. */
  readonly length: () => number;
  /** The journal is older than what was once signed: `stale.ts`. */
  readonly isStale: () => boolean;
  /** Reads more rows; what is known already, or changed, stays as it is. */
  readonly load: (wanted: Wanted) => Promise<void>;
  /** Throws where the row was not loaded: a request that forgot to ask would see no row where there is one. */
  readonly get: <T extends TableName>(table: T, key: Key) => Tables[T] | undefined;
  readonly put: <T extends TableName>(table: T, row: Tables[T]) => void;
  readonly balanceNano: (account: string, currency: string) => bigint;
  /** Books an event, and what follows from it. Codes: deposit-insufficient, value-out-of-range; nothing has changed then. */
  readonly post: (event: LedgerEvent) => Result<JournalRow>;
  readonly changes: () => Changes;
  /** Once they are committed: the next book of who asked for this one need not read what this one knows. */
  readonly keep: () => void;
};

/** One of these is asked for several times by a batch: distinct by key. */
const missing = (known: ReadonlyMap<string, unknown>, keys: readonly Key[]): Map<string, Key> => {
  const wanted = new Map<string, Key>();
  for (const key of keys) {
    const text = keyText(key);
    if (!known.has(text)) wanted.set(text, key);
  }
  return wanted;
};

/** The database's time goes with its signs of life, `meta` row `time`. */
const TIME: Key = ['time'];

export const openBook = async (
  reader: Reader,
  wanted: Wanted,
  nowMs: number,
  sha256: Sha256,
  kept: Kept = createKept(),
): Promise<Book> => {
  const [head, said] = await Promise.all([reader.head(), reader.get('meta', [TIME, STALE])]);
  const metaValue = ([name]: Key): string => said.find((row) => row.name === name)?.value ?? '';
  const timeMs = Math.max(nowMs, head.timeMs, Number(metaValue(TIME)));
  const book = bookOf(reader, head, timeMs, staleMeta(metaValue(STALE)), sha256, kept);
  await book.load(wanted);
  return book;
};

const putsOf = (changed: Rows): Puts => {
  const put: Partial<Record<TableName, readonly unknown[]>> = {};
  for (const table of TABLE_NAMES) if (changed[table].size > 0) put[table] = [...changed[table].values()];
  return put as Puts;
};

const bookOf = (
  reader: Reader,
  before: Head,
  timeMs: number,
  stale: MetaRow,
  sha256: Sha256,
  kept: Kept,
): Book => {
  const rows = kept.at(before);
  const changed = noRows();
  rows.meta.set(keyText(STALE), stale);
  const journal: JournalRow[] = [];
  const believing = believingWith(sha256);
  let head = before;

  const get: Book['get'] = <T extends TableName>(table: T, key: Key) => {
    const text = keyText(key);
    const row = changed[table].get(text) ?? rows[table].get(text);
    if (row === undefined && !rows[table].has(text))
      throw new RangeError(`${table} ${text} was not asked for`);
    return row as Tables[T] | undefined;
  };

  const put: Book['put'] = (table, row) => void changed[table].set(keyText(keyOfRow(table, row)), row);

  const balanceNano = (account: string, currency: string): bigint =>
    get('balance', [account, currency])?.nano ?? 0n;

  const move = (account: string, currency: string, nano: bigint): void =>
    put('balance', { account, currency, nano: balanceNano(account, currency) + nano });

  return {
    timeMs,
    length: () => head.length,
    isStale: () => get('meta', STALE)!.value !== '',
    load: async (wanted) => {
      const load = async <T extends TableName>(table: T): Promise<void> => {
        const known = rows[table];
        const keys = missing(known, wanted[table] ?? []);
        if (keys.size === 0) return;
        const found = await reader.get(table, [...keys.values()]);
        for (const text of keys.keys()) known.set(text, undefined);
        for (const row of found) known.set(keyText(keyOfRow(table, row)), row);
      };
      await Promise.all((Object.keys(wanted) as TableName[]).map(load));
    },
    get,
    put,
    balanceNano,
    post: (event) => {
      const entries = apply(balanceNano, event);
      if (!entries.ok) return entries;
      const row = nextRow(head, timeMs, event, sha256);
      const puts = project(event, row, get, believing);
      for (const { debit, credit, currency, nano } of entries.value) {
        move(debit, currency, -nano);
        move(credit, currency, nano);
      }
      for (const table of Object.keys(puts) as TableName[])
        for (const row of puts[table] ?? []) put(table, row as Tables[TableName]);
      journal.push(row);
      head = headAfter(row);
      return ok(row);
    },
    changes: () => ({ journal, put: putsOf(changed) }),
    keep: () => kept.keep(head, changed),
  };
};
