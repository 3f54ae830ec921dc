/**
 * Restores a backup into an empty database of either kind, whole or up to a point; one that was cut off goes on where it
 * is begun again. Every table that follows from the journal is folded anew, then all of it is verified. A restored journal is taken for old until `settler resume`: what
 * has happened since the backup was signed for, and is not in it.
 */

import { equalBytes, fromHex, toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { staleMeta, staleReason } from '../ledger/stale.ts';
import { Refused, taken } from '../refused.ts';
import { newestMeta } from '../reports/snapshot.ts';
import { type Verified, verifyStore } from '../reports/verify.ts';
import type { Reader, Store } from '../store/store.ts';
import { type MetaRow, TABLE_NAMES, type TableName } from '../store/tables.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { FORMAT, FORMAT_VERSION, type Header, KEPT } from './backup.ts';
import { corrupt } from './corrupt.ts';
import { Kept, type Point } from './point.ts';
import { BATCH_ROWS, Pending, RestoringJournal, writeTo } from './restore-journal.ts';
import { rowOfValues } from './row-text.ts';
import { checkSeal, readSealed } from './sealed-file.ts';
import { RESTORING, restoringMeta } from './stale.ts';

export type Restored = Verified & {
  /** Rows in the backup. */
  readonly of: number;
  readonly settler: string;
};

type Line = readonly [name: string, ...rest: unknown[]];

const parse = (text: string, path: string): Line => {
  try {
    const line: unknown = JSON.parse(text);
    if (Array.isArray(line) && typeof line[0] === 'string') return line as unknown as Line;
  } catch {
    // told below
  }
  throw new Refused(corrupt(path, `a line is not of a backup: ${text.slice(0, 80)}`));
};

const headerOf = ([name, version, header]: Line, path: string): Header => {
  if (name !== FORMAT) throw new Refused(corrupt(path, 'it is no backup of a settler'));
  if (version === FORMAT_VERSION) {
    const said = Object(header) as Partial<Header>;
    const isHeader = Number.isSafeInteger(said.rows) && Number.isSafeInteger(said.takenMs);
    if (isHeader && typeof said.hash === 'string') return header as Header;
    throw new Refused(corrupt(path, 'its header does not say what it holds'));
  }
  throw new Refused(
    refuse(
      'storage-newer',
      `${path} is a backup of version ${version}, this program knows ${FORMAT_VERSION}`,
    ),
  );
};

/** Nothing in any table but what the database says of itself. */
const isEmpty = async (reader: Reader): Promise<boolean> => {
  for (const table of TABLE_NAMES) {
    const rows = (await reader.page(table, [], null, 2)) as readonly Partial<MetaRow>[];
    if (rows.some(({ name }) => table !== 'meta' || name !== 'schema-version')) return false;
  }
  return (await reader.head()).length === 0;
};

const beyond = (row: number, rows: number): Refusal =>
  refuse(
    'config-invalid',
    `the backup has ${rows} rows, 0 to ${rows - 1}, and no row ${row} to keep as the last`,
  );

const REMEDY = 'restore into a new one, nothing was written';

/** Marks an empty database, before anything is written to it; or finds it marked by the same restore, which was cut off. */
const claim = async (store: Store, why: string): Promise<void> => {
  const claimed = await store.transact<string | undefined>(async (reader) => {
    const [restoring] = await reader.get('meta', [RESTORING]);
    if (restoring?.value === why) return { changes: {}, value: undefined };
    if (await isEmpty(reader))
      return { changes: { put: { meta: [restoringMeta(why), staleMeta(why)] } }, value: undefined };
    const isWhole = restoring?.value === '' && (await staleReason(reader)) === why;
    return { changes: {}, value: isWhole ? `is ${why} already` : 'is not empty' };
  });
  const said = taken(claimed);
  if (said !== undefined) throw new Refused(refuse('config-invalid', `the database ${said}: ${REMEDY}`));
};

const checkEnd = (path: string, said: unknown, counted: ReadonlyMap<string, number>): void => {
  const counts = said as Readonly<Record<string, number>>;
  for (const table of ['journal', ...KEPT]) {
    const count = counted.get(table) ?? 0;
    if (counts[table] !== count)
      throw new Refused(corrupt(path, `it holds ${count} rows of ${table}, and should ${counts[table]}`));
  }
};

const whyOf = ({ rows, takenMs }: Header, { row, timeMs }: Point): string => {
  const where = row === undefined ? `${rows} rows` : `row ${row}`;
  const at = timeMs === undefined ? where : new Date(timeMs).toISOString();
  return `restored to ${at} of the backup of ${new Date(takenMs).toISOString()}`;
};

const restoreLines = async (
  store: Store,
  path: string,
  length: number,
  point: Point,
  sha256: Sha256,
  watch: Watch,
): Promise<Header> => {
  const kept = new Kept();
  const journal = new RestoringJournal(store, sha256, point, kept, path);
  const counted = new Map<string, number>();
  const pending = new Pending();
  let header: Header | undefined;
  let isWhole = false;
  const putKept = async <T extends TableName>(table: T, values: unknown): Promise<void> => {
    const row = kept.at(table, taken(rowOfValues(table, values)));
    if (row !== undefined) pending.put(table, row);
    if (pending.count >= BATCH_ROWS) await writeTo(store, [], pending.take());
  };
  for await (const text of readSealed(path, length)) {
    const line = parse(text, path);
    const [name, value] = line;
    if (header === undefined) {
      header = headerOf(line, path);
      if (point.row !== undefined && point.row >= header.rows)
        throw new Refused(beyond(point.row, header.rows));
      await claim(store, whyOf(header, point));
      continue;
    }
    if (name === 'end') {
      checkEnd(path, value, counted);
      isWhole = true;
      continue;
    }
    const count = (counted.get(name) ?? 0) + 1;
    counted.set(name, count);
    if (name === 'journal') {
      await journal.add(value);
      if (count % BATCH_ROWS === 0) await watch('rows restored', count, header.rows);
    } else {
      await journal.flush();
      if (!(KEPT as readonly string[]).includes(name))
        throw new Refused(corrupt(path, `it holds rows of ${name}: a newer program wrote it`));
      await putKept(name as TableName, value);
      if (count % BATCH_ROWS === 0) await watch(`rows of ${name} restored`, count);
    }
  }
  await journal.flush();
  if (header === undefined || !isWhole) throw new Refused(corrupt(path, 'its end is missing'));
  const { head } = journal.replay;
  if (head.length === header.rows && !equalBytes(head.hash, fromHex(header.hash) ?? new Uint8Array(0)))
    throw new Refused(corrupt(path, `its last hash is ${toHex(head.hash)}, and should be ${header.hash}`));
  pending.put('meta', newestMeta(kept.newestSnapshot()));
  await writeTo(store, [], pending.take());
  return header;
};

/**
 * Codes: journal-corrupt (the file, or what it holds), config-invalid (a database that is not empty), storage-newer,
 * those of the store.
 */
export const restoreStore = async (
  store: Store,
  path: string,
  point: Point,
  sha256: Sha256,
  watch: Watch = UNWATCHED,
): Promise<Result<Restored>> => {
  const sealed = await checkSeal(path);
  if (!sealed.ok) return sealed;
  try {
    const { rows, settler } = await restoreLines(store, path, sealed.value, point, sha256, watch);
    const verified = taken(await verifyStore(store, sha256, { watch }));
    await writeTo(store, [], { meta: [restoringMeta('')] });
    return ok({ ...verified, of: rows, settler });
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
};
