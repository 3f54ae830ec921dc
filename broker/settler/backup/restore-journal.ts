/** Journal rows into a store: the tables that follow from them folded, many in a transaction. */

import { concatBytes, equalBytes } from '../../../schemas/bytes.ts';
import { decodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import { headAfter, type JournalRow } from '../ledger/journal.ts';
import { eventOf, keyOf, type LedgerEvent } from '../ledger/ledger.ts';
import { Replay, recallChannels, type Step } from '../ledger/replay.ts';
import { Refused, taken } from '../refused.ts';
import type { Puts, Store } from '../store/store.ts';
import { keyOfRow, keyText, type TableName, type Tables } from '../store/tables.ts';
import { corrupt } from './corrupt.ts';
import type { Kept, Point } from './point.ts';

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

/** A row and what its bytes say, which are read once. */
type Read = { readonly row: JournalRow; readonly event: LedgerEvent };

export class RestoringJournal {
  readonly replay: Replay;
  /** The first row beyond the point. */
  private isBeyond = false;
  private batch: Read[] = [];
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
    const read = this.read(new Uint8Array(Buffer.from(String(base64), 'base64')));
    const { row } = read;
    const { row: last = Number.POSITIVE_INFINITY, timeMs = Number.POSITIVE_INFINITY } = this.point;
    this.isBeyond = row.index > last || row.timeMs > timeMs;
    if (this.isBeyond) return;
    this.batch.push(read);
    this.nextHead = headAfter(row);
    if (this.batch.length === BATCH_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const { replay, batch, store, sha256 } = this;
    if (batch.length === 0) return;
    const rows = batch.map(({ row }) => row);
    taken(await store.read((reader) => recallChannels(replay, reader, rows, sha256)));
    const pending = new Pending();
    for (const { row, event } of batch) {
      const step = replay.add(row, ok(event));
      if (!step.ok) throw new Refused(corrupt(this.path, step.detail));
      this.fold(step.value, pending);
    }
    replay.forgetClosed();
    await writeTo(store, rows, pending.take());
    this.batch = [];
  }

  private fold(step: Step, pending: Pending): void {
    this.kept.note(step);
    for (const { debit, credit, currency } of step.entries) {
      for (const account of [debit, credit])
        pending.put('balance', { account, currency, nano: this.replay.balanceNano(account, currency) });
    }
    const putAll = <T extends TableName>(table: T): void => {
      for (const row of (step.puts[table] ?? []) as readonly Tables[T][]) pending.put(table, row);
    };
    for (const table of Object.keys(step.puts) as TableName[]) putAll(table);
  }

  /** Its key and hash follow from its bytes; the replay decides whether they are what its event writes. */
  private read(bytes: Uint8Array): Read {
    const { length: index, hash: before } = this.nextHead;
    const item = decodeCbor(bytes);
    const [, timeMs, said] = item.ok && Array.isArray(item.value) ? item.value : [];
    const event = eventOf(said);
    if (!event.ok || typeof timeMs !== 'number')
      throw new Refused(corrupt(this.path, `row ${index} is no row of a journal`));
    const hash = this.sha256(concatBytes([before, bytes]));
    return { row: { index, timeMs, key: keyOf(event.value), bytes, hash }, event: event.value };
  }
}
