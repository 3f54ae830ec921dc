/** Reads and writes of the PostgreSQL store: one statement for any number of rows of a table. */

import { EMPTY_HEAD, headAfter } from '../ledger/journal.ts';
import { type ArrayType, encodeArray } from './postgres-arrays.ts';
import type { PostgresLink } from './postgres-driver.ts';
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
import type { Changes, Reader } from './store.ts';
import type { ColumnType } from './table.ts';
import { keyOfRow, TABLE_NAMES, TABLES, type TableName, type Tables } from './tables.ts';

const TYPES: { readonly [T in ColumnType]: ArrayType } = {
  text: 'text',
  bytes: 'bytea',
  nano: 'bigint',
  count: 'bigint',
  flag: 'bigint',
};
const JOURNAL_TYPES: readonly ArrayType[] = ['bigint', 'bigint', 'text', 'bytea', 'bytea'];

const listed = (texts: readonly string[]): string => `(${texts.join(', ')})`;

/** `unnest($1::text[], …)`: the values of many rows, column by column. */
const unnestOf = (types: readonly ArrayType[]): string =>
  `unnest${listed(types.map((type, i) => `$${i + 1}::${type}[]`))}`;

const arraysOf = (types: readonly ArrayType[], rows: readonly (readonly SqlValue[])[]): SqlValue[] =>
  types.map((type, i) =>
    encodeArray(
      type,
      rows.map((row) => row[i]!),
    ),
  );

/** Fixed texts of a table, made once. */
const describe = (table: TableName) => {
  const { columns, keyColumns, firstMutable } = TABLES[table];
  const names = columns.map(({ name }) => name);
  const types = columns.map(({ type }) => TYPES[type]);
  const keys = names.slice(0, keyColumns);
  const keyTypes = types.slice(0, keyColumns);
  const updates = names.slice(firstMutable).map((name) => `${name} = excluded.${name}`);
  return {
    types,
    keyTypes,
    get: `SELECT * FROM ${table} WHERE ${listed(keys)} IN (SELECT * FROM ${unnestOf(keyTypes)})`,
    page: (leading: number) => {
      const place = (from: number) => (_: string, i: number) => `$${from + i + 1}`;
      const equal = keys.slice(0, leading).map((name, i) => `${name} = $${i + 1} AND `);
      return `SELECT * FROM ${table} WHERE ${equal.join('')}
        ${listed(keys)} > ${listed(keys.map(place(leading)))} ORDER BY ${keys.join(', ')}
        LIMIT $${leading + keys.length + 1}`;
    },
    /** Upserts on the key; columns before `firstMutable` are written once. */
    put: `INSERT INTO ${table} ${listed(names)} SELECT * FROM ${unnestOf(types)}
      ON CONFLICT ${listed(keys)} DO UPDATE SET ${updates.join(', ')}`,
  };
};
const STATEMENTS = Object.fromEntries(TABLE_NAMES.map((table) => [table, describe(table)])) as {
  readonly [T in TableName]: ReturnType<typeof describe>;
};

const APPEND = `INSERT INTO journal ${listed(JOURNAL_COLUMNS)} SELECT * FROM ${unnestOf(JOURNAL_TYPES)}`;

export const readerOf = (link: PostgresLink): Reader => {
  const all = async (sql: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]> =>
    (await link.ask(sql, values)).rows;
  const journalRows = async (sql: string, values: readonly SqlValue[]) =>
    (await all(sql, values)).map(journalRowOfSql);
  const rowsOf = async <T extends TableName>(
    table: T,
    sql: string,
    values: readonly SqlValue[],
  ): Promise<Tables[T][]> => (await all(sql, values)).map((row) => rowOfSql(table, row));

  return {
    head: async () => {
      const [row] = await journalRows('SELECT * FROM journal ORDER BY idx DESC LIMIT 1', []);
      return row === undefined ? EMPTY_HEAD : headAfter(row);
    },
    get: async (table, keys) => {
      const { get, keyTypes } = STATEMENTS[table];
      return keys.length === 0 ? [] : rowsOf(table, get, arraysOf(keyTypes, keys.map(valuesOfKey)));
    },
    page: (table, leading, after, countMax) => {
      const from = after === null ? beforeFirst(table) : valuesOfKey(keyOfRow(table, after));
      const values = [...valuesOfKey(leading), ...from, BigInt(countMax)];
      return rowsOf(table, STATEMENTS[table].page(leading.length), values);
    },
    balancesUnder: (prefix, after, countMax) =>
      rowsOf(
        'balance',
        `SELECT * FROM balance WHERE account >= $1 AND account < $2 AND (account, currency) > ($3, $4)
         ORDER BY account, currency LIMIT $5`,
        [...textsUnder(prefix), after?.account ?? '', after?.currency ?? '', BigInt(countMax)],
      ),
    rows: async (keys) =>
      keys.length === 0
        ? []
        : journalRows('SELECT * FROM journal WHERE key = ANY($1::text[])', [encodeArray('text', keys)]),
    journal: (from, countMax) =>
      journalRows('SELECT * FROM journal WHERE idx >= $1 ORDER BY idx LIMIT $2', [
        BigInt(from),
        BigInt(countMax),
      ]),
    rowsUnder: (prefix, countMax) =>
      journalRows('SELECT * FROM journal WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3', [
        ...textsUnder(prefix),
        BigInt(countMax),
      ]),
    expired: (expiryS, countMax) =>
      rowsOf(
        'channel',
        'SELECT * FROM channel WHERE closed = 0 AND expiry_s <= $1 ORDER BY expiry_s, id LIMIT $2',
        [BigInt(expiryS), BigInt(countMax)],
      ),
    payoutsOf: (run) => rowsOf('payout', 'SELECT * FROM payout WHERE run = $1 ORDER BY id', [run]),
  };
};

/** Sends the writes of all tables; the promises are in the order of the statements. */
export const sendChanges = (link: PostgresLink, { journal, put }: Changes): Promise<unknown>[] => {
  const sent: Promise<unknown>[] = [];
  const write = <T extends TableName>(table: T, rows: readonly Tables[T][] = []): void => {
    const { put: sql, types } = STATEMENTS[table];
    const values = rows.map((row) => valuesOfRow(table, row));
    if (values.length > 0) sent.push(link.ask(sql, arraysOf(types, values)));
  };
  if (journal !== undefined && journal.length > 0)
    sent.push(link.ask(APPEND, arraysOf(JOURNAL_TYPES, journal.map(valuesOfJournalRow))));
  for (const table of TABLE_NAMES) write(table, put?.[table]);
  return sent;
};
