/** Rows of any SQL database: what `tables.ts` says, as values of SQL and back. */

import type { JournalRow } from '../ledger/journal.ts';
import type { ColumnType } from './table.ts';
import { type Key, TABLES, type TableName, type Tables } from './tables.ts';

export type SqlValue = bigint | string | Uint8Array | null;
export type SqlRow = { readonly [column: string]: SqlValue };

const toSql = (type: ColumnType, value: unknown): SqlValue => {
  if (type === 'count') return BigInt(value as number);
  if (type === 'flag') return value === true ? 1n : 0n;
  return value as SqlValue;
};

/** A plain Uint8Array: drivers give Buffers, whose `slice` shares memory. */
const plainBytes = (value: Uint8Array): Uint8Array =>
  new Uint8Array(value.buffer, value.byteOffset, value.length);

const fromSql = (type: ColumnType, value: SqlValue): unknown => {
  if (value === null) return null;
  if (type === 'count') return Number(value as bigint);
  if (type === 'flag') return value === 1n;
  return type === 'bytes' ? plainBytes(value as Uint8Array) : value;
};

export const valuesOfRow = <T extends TableName>(table: T, row: Tables[T]): SqlValue[] =>
  TABLES[table].columns.map(({ field, type }) =>
    toSql(type, (row as unknown as Record<string, unknown>)[field]),
  );

export const rowOfSql = <T extends TableName>(table: T, found: SqlRow): Tables[T] => {
  const row: Record<string, unknown> = {};
  for (const { field, name, type } of TABLES[table].columns) row[field] = fromSql(type, found[name]!);
  return row as unknown as Tables[T];
};

/** Key values in the order of their columns; leading ones alone where fewer are given. */
export const valuesOfKey = (key: Key): SqlValue[] =>
  key.map((value) => (typeof value === 'number' ? BigInt(value) : value));

/** Below every key of a table: no key is empty or below 0. */
export const beforeFirst = (table: TableName): SqlValue[] =>
  TABLES[table].columns
    .slice(0, TABLES[table].keyColumns)
    .map(({ type }) => (type === 'text' ? '' : type === 'bytes' ? new Uint8Array(0) : -1n));

export const JOURNAL_COLUMNS = ['idx', 'time_ms', 'key', 'bytes', 'hash'] as const;

export const valuesOfJournalRow = (row: JournalRow): SqlValue[] => [
  BigInt(row.index),
  BigInt(row.timeMs),
  row.key,
  row.bytes,
  row.hash,
];

export const journalRowOfSql = (found: SqlRow): JournalRow => ({
  index: Number(found.idx),
  timeMs: Number(found.time_ms),
  key: found.key as string,
  bytes: plainBytes(found.bytes as Uint8Array),
  hash: plainBytes(found.hash as Uint8Array),
});

/** LIKE has wildcards; a range has none. Keys are ASCII, so '\x7f' is above every one. */
export const textsUnder = (prefix: string): [string, string] => [prefix, `${prefix}\x7f`];
