/**
 * Backups: the whole journal, and the tables that do not follow from it, in one portable file. It is the same for
 * SQLite and PostgreSQL, and is taken from one consistent view while the settler runs.
 *
 *     ["tollbridge-backup", 1, {settler, takenMs, rows, hash}]
 *     ["journal", base64 of a row's bytes]            every row; keys and hashes follow
 *     [table, [column, ...]]                          every row of the tables that are kept
 *     ["end", {journal, <table>: rows, ...}]
 *
 * One JSON value a line, in a sealed file (`sealed-file.ts`).
 */

import { concatBytes, equalBytes, toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { EMPTY_HEAD } from '../ledger/journal.ts';
import { FOLDED } from '../ledger/replay.ts';
import { Refused } from '../refused.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import { TABLE_NAMES, type TableName } from '../store/tables.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { valuesOfRow } from './row-text.ts';
import { writeSealed } from './sealed-file.ts';

export const FORMAT = 'tollbridge-backup';
export const FORMAT_VERSION = 1;

const isKept = (table: TableName): boolean =>
  table !== 'balance' && !(FOLDED as readonly string[]).includes(table);

/** The tables that the journal alone cannot rebuild. Runs come after their payouts, which say whether one was made yet. */
export const KEPT: readonly TableName[] = [
  ...TABLE_NAMES.filter((table) => isKept(table) && table !== 'run'),
  'run',
];

/** Say how the database itself is built, and which it is; another one has its own. */
const OF_DATABASE: readonly string[] = ['schema-version', 'home'];

export type Header = {
  readonly settler: string;
  readonly takenMs: number;
  readonly rows: number;
  /** Of the last row, in hexadecimal digits. */
  readonly hash: string;
};

const PAGE_ROWS = 1000;

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

async function* journalLines(
  reader: Reader,
  of: number,
  sha256: Sha256,
  watch: Watch,
): AsyncGenerator<string> {
  let length = 0;
  let { hash } = EMPTY_HEAD;
  for (;;) {
    const rows = await reader.journal(length, PAGE_ROWS);
    const lines: string[] = [];
    for (const row of rows) {
      const expected = sha256(concatBytes([hash, row.bytes]));
      if (row.index !== length || !equalBytes(expected, row.hash)) {
        const remedy = 'find out with settler verify; the last backup is the one to keep';
        throw new Refused(
          refuse('journal-corrupt', `row ${length} does not continue the journal: ${remedy}`),
        );
      }
      length++;
      hash = row.hash;
      lines.push(line(['journal', Buffer.from(row.bytes).toString('base64')]));
    }
    if (lines.length > 0) yield lines.join('');
    await watch('rows backed up', length, of);
    if (rows.length < PAGE_ROWS) return;
  }
}

async function* linesOf(
  reader: Reader,
  header: Header,
  sha256: Sha256,
  counts: Record<string, number>,
  watch: Watch,
): AsyncGenerator<string> {
  yield line([FORMAT, FORMAT_VERSION, header]);
  yield* journalLines(reader, header.rows, sha256, watch);
  counts.journal = header.rows;
  for (const table of KEPT) {
    counts[table] = 0;
    for await (const row of allRows(reader, table)) {
      if (table === 'meta' && 'name' in row && OF_DATABASE.includes(row.name)) continue;
      if (++counts[table] % PAGE_ROWS === 0) await watch(`rows of ${table} backed up`, counts[table]);
      yield line([table, valuesOfRow(table, row)]);
    }
  }
  yield line(['end', counts]);
}

export type BackedUp = Header & { readonly counts: Readonly<Record<string, number>> };

const write = async (
  reader: Reader,
  path: string,
  takenMs: number,
  sha256: Sha256,
  watch: Watch,
): Promise<Result<BackedUp>> => {
  const [settler] = await reader.get('meta', [['settler']]);
  if (settler === undefined)
    return refuse('config-invalid', 'the database is of no settler yet: there is nothing to back up');
  const { length, hash } = await reader.head();
  const header = { settler: settler.value, takenMs, rows: length, hash: toHex(hash) };
  const counts: Record<string, number> = {};
  try {
    const written = await writeSealed(path, linesOf(reader, header, sha256, counts, watch));
    return written.ok ? ok({ ...header, counts }) : written;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
};

/** Codes: config-invalid, journal-corrupt, storage-full, storage-failed, those of the store. */
export const backupStore = async (
  store: Store,
  path: string,
  nowMs: number,
  sha256: Sha256,
  watch: Watch = UNWATCHED,
): Promise<Result<BackedUp>> => {
  const written = await store.read((reader) => write(reader, path, nowMs, sha256, watch));
  return written.ok ? written.value : written;
};
