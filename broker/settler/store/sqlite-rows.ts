/** Reads and writes of the SQLite store, each statement prepared once per connection. */

import { EMPTY_HEAD, headAfter } from '../ledger/journal.ts';
import {
  beforeFirst,
  JOURNAL_COLUMNS,
  journalRowOfSql,
  rowOfSql,
  type SqlRow,
  type SqlValue,
  textsUnder,
  valuesOfJournalRow,
  valuesOfKey,
  valuesOfRow,
} from './sql-rows.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import type { Changes, Reader } from './store.ts';
import { type Key, keyOfRow, TABLE_NAMES, TABLES, type TableName, type Tables } from './tables.ts';

/** `column = ? AND …` for keys, or true where there is none. */
const equal = (columns: readonly string[]): string =>
  columns.length === 0 ? 'true' : columns.map((column) => `${column} = ?`).join(' AND ');

const listed = (columns: readonly string[]): string => `(${columns.join(', ')})`;
const places = (columns: readonly string[]): string => listed(columns.map(() => '?'));

export const prepareReader = (driver: SqliteDriver): Reader => {
  const prepared = new Map<string, ReturnType<SqliteDriver['prepare']>>();
  /** At most some four statements a table. */
  const all = (sql: string, values: readonly SqlValue[]): SqlRow[] => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = driver.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement.all(...values);
  };
  const rowsOf = <T extends TableName>(table: T, sql: string, values: readonly SqlValue[]): Tables[T][] =>
    all(sql, values).map((row) => rowOfSql(table, row));
  const keysOf = (table: TableName): string[] =>
    TABLES[table].columns.slice(0, TABLES[table].keyColumns).map(({ name }) => name);

  const page = <T extends TableName>(table: T, leading: Key, after: Tables[T] | null, countMax: number) => {
    const columns = keysOf(table);
    const key = listed(columns);
    const sql = `SELECT * FROM ${table} WHERE ${equal(columns.slice(0, leading.length))}
      AND ${key} > ${places(columns)} ORDER BY ${columns.join(', ')} LIMIT ?`;
    const from = after === null ? beforeFirst(table) : valuesOfKey(keyOfRow(table, after));
    return rowsOf(table, sql, [...valuesOfKey(leading), ...from, BigInt(countMax)]);
  };

  return {
    head: async () => {
      const [row] = all('SELECT * FROM journal ORDER BY idx DESC LIMIT 1', []);
      return row === undefined ? EMPTY_HEAD : headAfter(journalRowOfSql(row));
    },
    get: async (table, keys) => {
      const sql = `SELECT * FROM ${table} WHERE ${equal(keysOf(table))}`;
      return keys.flatMap((key) => rowsOf(table, sql, valuesOfKey(key)));
    },
    page: async (table, leading, after, countMax) => page(table, leading, after, countMax),
    balancesUnder: async (prefix, after, countMax) =>
      rowsOf(
        'balance',
        `SELECT * FROM balance WHERE account >= ? AND account < ? AND (account, currency) > (?, ?)
         ORDER BY account, currency LIMIT ?`,
        [...textsUnder(prefix), after?.account ?? '', after?.currency ?? '', BigInt(countMax)],
      ),
    rows: async (keys) =>
      keys.flatMap((key) => all('SELECT * FROM journal WHERE key = ?', [key]).map(journalRowOfSql)),
    journal: async (from, countMax) =>
      all('SELECT * FROM journal WHERE idx >= ? ORDER BY idx LIMIT ?', [BigInt(from), BigInt(countMax)]).map(
        journalRowOfSql,
      ),
    rowsUnder: async (prefix, countMax) =>
      all('SELECT * FROM journal WHERE key >= ? AND key < ? ORDER BY key LIMIT ?', [
        ...textsUnder(prefix),
        BigInt(countMax),
      ]).map(journalRowOfSql),
    expired: async (expiryS, countMax) =>
      rowsOf(
        'channel',
        'SELECT * FROM channel WHERE closed = 0 AND expiry_s <= ? ORDER BY expiry_s, id LIMIT ?',
        [BigInt(expiryS), BigInt(countMax)],
      ),
    payoutsOf: async (run) => rowsOf('payout', 'SELECT * FROM payout WHERE run = ? ORDER BY id', [run]),
  };
};

/** Upserts on the key; columns before `firstMutable` are written once. */
const upsertOf = (table: TableName): string => {
  const { columns, keyColumns, firstMutable } = TABLES[table];
  const names = columns.map(({ name }) => name);
  const updates = names.slice(firstMutable).map((name) => `${name} = excluded.${name}`);
  const conflict = `ON CONFLICT ${listed(names.slice(0, keyColumns))} DO UPDATE SET ${updates.join(', ')}`;
  return `INSERT INTO ${table} ${listed(names)} VALUES ${places(names)} ${conflict}`;
};

export const prepareWriter = (driver: SqliteDriver): ((changes: Changes) => void) => {
  const insert = driver.prepare(
    `INSERT INTO journal ${listed(JOURNAL_COLUMNS)} VALUES ${places(JOURNAL_COLUMNS)}`,
  );
  const upserts = new Map(TABLE_NAMES.map((table) => [table, driver.prepare(upsertOf(table))]));
  const write = <T extends TableName>(table: T, rows: readonly Tables[T][] | undefined): void => {
    const upsert = upserts.get(table)!;
    for (const row of rows ?? []) upsert.run(...valuesOfRow(table, row));
  };
  return ({ journal, put }) => {
    for (const row of journal ?? []) insert.run(...valuesOfJournalRow(row));
    for (const table of TABLE_NAMES) write(table, put?.[table]);
  };
};
