/** Journal rows into a store: the tables that follow from them folded, many in a transaction. */

import { compareBytes, equalBytes } from '../../../schemas/bytes.ts';
import { decodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { refuse } from '../../../schemas/result.ts';
import { type JournalRow, nextRow } from '../ledger/journal.ts';
import { entriesOf, eventOf } from '../ledger/ledger.ts';
import { Replay, recallChannels, type Step } from '../ledger/replay.ts';
import type { Puts, Store } from '../store/store.ts';
import { keyOfRow, keyText, type TableName, type Tables } from '../store/tables.ts';
import type { Kept, Point } from './point.ts';
import { corrupt, Refused, taken } from './refused.ts';

/** Rows in one transaction: some 50 ms each, and a few MB. */
export const BATCH_ROWS = 1000;

/** Rows to put, the last of each key. */
export class Pending {
  private readonly rows = new Map<TableName, Map<string, unknown>>();
  count = 0;

  put<T extends TableName>(table: T, row: Tables[T]): void {
    const ofTable = this.rows.get(table) ?? new Map<string, unknown>();
    this.rows.set(table, ofTable);
    ofTable.set(keyText(keyOfRow(table, row)), row);
    this.count++;
  }

  take(): Puts {
    const puts: Partial<Record<TableName, readonly unknown[]>> = {};
    for (const [table, rows] of this.rows) puts[table] = [...rows.values()];
    this.rows.clear();
    this.count = 0;
    return puts as Puts;
  }
}

const another = (index: number): Refused =>
  new Refused(
    refuse(
      'config-invalid',
      `row ${index} of the database is another than the backup's: restore into a new one`,
    ),
  );

/** Rows that a restore wrote before it was cut off are there already, and with them what follows from them. */
export const writeTo = async (store: Store, journal: readonly JournalRow[], put: Puts): Promise<void> => {
  const written = await store.transact<number | undefined>(async (reader) => {
    const there = journal.length === 0 ? [] : await reader.journal(journal[0]!.index, journal.length);
    const other = there.find(({ hash }, i) => !equalBytes(hash, journal[i]!.hash));
    if (other !== undefined) return { changes: {}, value: other.index };
    return { changes: { journal: journal.slice(there.length), put }, value: undefined };
  });
  const other = taken(written);
  if (other !== undefined) throw another(other);
};

export class RestoringJournal {
  readonly replay: Replay;
  /** The first row beyond the point. */
  private isBeyond = false;
  private rows: JournalRow[] = [];
  private readonly store: Store;
  private readonly sha256: Sha256;
  private readonly point: Point;
  private readonly kept: Kept;
  private readonly path: string;
  private nextHead: Replay['head'];

  constructor(store: Store, sha256: Sha256, point: Point, kept: Kept, path: string) {
    this.store = store;
    this.sha256 = sha256;
    this.point = point;
    this.kept = kept;
    this.path = path;
    this.replay = new Replay(sha256);
    this.nextHead = this.replay.head;
  }

  async add(base64: unknown): Promise<void> {
    if (this.isBeyond) return;
    const row = this.rowOf(new Uint8Array(Buffer.from(String(base64), 'base64')));
    const { row: last = Number.POSITIVE_INFINITY, timeMs = Number.POSITIVE_INFINITY } = this.point;
    this.isBeyond = row.index > last || row.timeMs > timeMs;
    if (this.isBeyond) return;
    this.rows.push(row);
    this.nextHead = { length: row.index + 1, timeMs: row.timeMs, hash: row.hash };
    if (this.rows.length === BATCH_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const { replay, rows, store, sha256 } = this;
    if (rows.length === 0) return;
    taken(await store.read((reader) => recallChannels(replay, reader, rows, sha256)));
    const pending = new Pending();
    for (const row of rows) this.fold(taken(replay.add(row)), pending);
    replay.forgetClosed();
    await writeTo(store, rows, pending.take());
    this.rows = [];
  }

  private fold(step: Step, pending: Pending): void {
    this.kept.note(step);
    for (const { debit, credit, currency } of entriesOf(step.event)) {
      for (const account of [debit, credit])
        pending.put('balance', { account, currency, nano: this.replay.balanceNano(account, currency) });
    }
    const putAll = <T extends TableName>(table: T): void => {
      for (const row of (step.puts[table] ?? []) as readonly Tables[T][]) pending.put(table, row);
    };
    for (const table of Object.keys(step.puts) as TableName[]) putAll(table);
  }

  /** Its key and hash follow from its bytes, which must be what its event writes. */
  private rowOf(bytes: Uint8Array): JournalRow {
    const item = decodeCbor(bytes);
    const [, timeMs, event] = item.ok && Array.isArray(item.value) ? item.value : [];
    const read = eventOf(event);
    if (!read.ok || typeof timeMs !== 'number')
      throw new Refused(corrupt(this.path, `row ${this.nextHead.length} is no row of a journal`));
    const row = nextRow(this.nextHead, timeMs, read.value, this.sha256);
    if (compareBytes(row.bytes, bytes) === 0) return row;
    throw new Refused(corrupt(this.path, `row ${this.nextHead.length} is not what its event writes`));
  }
}
