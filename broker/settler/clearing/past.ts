/**
 * A clearing that was made, from the ledger again: obligations as they were when it froze them, by a replay of the
 * journal up to there, and what it left of them, by what it booked.
 */

import { toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { type Disputed, disputedIn, obligationsAmong } from '../credit/obligations.ts';
import { eventOfRow } from '../ledger/journal.ts';
import type { LedgerEvent } from '../ledger/ledger.ts';
import { Replay, replayJournal } from '../ledger/replay.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import type { ClearingRow } from '../store/tables.ts';
import type { Obligation } from './obligation.ts';
import type { Report } from './report.ts';
import { reportOf } from './run.ts';

export type PastClearing = {
  readonly before: readonly Obligation[];
  readonly left: readonly Obligation[];
};

const NAMES_MAX = 5;

const unknown = async (reader: Reader, name: string): Promise<Refusal> => {
  const rows: ClearingRow[] = [];
  for await (const row of allRows(reader, 'clearing')) rows.push(row);
  rows.sort((a, b) => b.createdMs - a.createdMs);
  const newest = rows.slice(0, NAMES_MAX).map(({ id }) => id);
  const there = newest.length === 0 ? 'none was made' : `the newest are ${newest.join(', ')}`;
  return refuse('config-invalid', `there is no clearing "${name}": ${there}`);
};

/** The journal as it was when it had so many rows. */
const asOf = (reader: Reader, rows: number): Reader => ({
  ...reader,
  journal: (from, countMax) => reader.journal(from, Math.max(0, Math.min(countMax, rows - from))),
});

/** A channel that the replay let go was closed by then: its row says now what it said then. */
const disputedThen = async (reader: Reader, replay: Replay): Promise<Disputed> => {
  const ids = new Map<string, Uint8Array>();
  for (const { channel, open } of replay.tables.dispute.values()) if (open) ids.set(toHex(channel), channel);
  const channels = [...ids.values()].map(async (id) => {
    const held = replay.lookup('channel', [id]);
    return held === undefined ? reader.get('channel', [[id]]) : [held];
  });
  return disputedIn((await Promise.all(channels)).flat());
};

const PAGE_ROWS = 1000;

/** What the run booked: its rows follow the one that names it. Code: journal-corrupt. */
const bookedBy = async (reader: Reader, name: string): Promise<Result<readonly LedgerEvent[]>> => {
  const [first] = await reader.rows([`clearing/${name}`]);
  if (first === undefined) return refuse('journal-corrupt', `the journal has no clearing ${name}`);
  const events: LedgerEvent[] = [];
  for (;;) {
    const rows = await reader.journal(first.index + 1 + events.length, PAGE_ROWS);
    for (const row of rows) {
      const event = eventOfRow(row);
      if (!event.ok) return event;
      if (!event.value.subject.startsWith(`${name}/`)) return ok(events);
      events.push(event.value);
    }
    if (rows.length < PAGE_ROWS) return ok(events);
  }
};

const pairOf = (creditor: string, debtor: string): string => `${creditor}/${debtor}`;

const leftOf = (before: readonly Obligation[], events: readonly LedgerEvent[]): readonly Obligation[] => {
  const left = new Map(before.map((one) => [pairOf(one.creditor, one.debtor), one]));
  for (const { kind, nano, owner, other } of events) {
    const [creditor, debtor] = [toHex(owner), toHex(other)];
    const pair = pairOf(creditor, debtor);
    const changed = (left.get(pair)?.nano ?? 0n) + (kind === 'cleared' ? -nano : nano);
    left.set(pair, { creditor, debtor, nano: changed });
  }
  return [...left.values()].filter(({ nano }) => nano !== 0n);
};

const sumNano = (obligations: readonly Obligation[]): bigint =>
  obligations.reduce((sum, { nano }) => sum + nano, 0n);

const isOf = ({ before, left }: PastClearing, report: Report): boolean =>
  before.length === report.obligations &&
  sumNano(before) === report.grossNano &&
  left.length === report.transfers &&
  sumNano(left) === report.leftNano;

const recall = async (reader: Reader, row: ClearingRow, sha256: Sha256): Promise<Result<PastClearing>> => {
  const replay = new Replay(sha256);
  const replayed = await replayJournal(asOf(reader, row.frozenIndex), replay, sha256);
  if (!replayed.ok) return replayed;
  const events = await bookedBy(reader, row.id);
  if (!events.ok) return events;
  const before = obligationsAmong(replay.balances(), await disputedThen(reader, replay), row.currency);
  const past = { before, left: leftOf(before, events.value) };
  if (isOf(past, reportOf(row))) return ok(past);
  const remedy = 'find out with settler verify and settler audit';
  return refuse(
    'journal-corrupt',
    `the report of clearing ${row.id} is not what the journal says: ${remedy}`,
  );
};

/** Reads the journal from its first row up to the clearing. Codes: journal-corrupt, those of the store. */
export const pastClearing = async (
  store: Store,
  row: ClearingRow,
  sha256: Sha256,
): Promise<Result<PastClearing>> => {
  const read = await store.read((reader) => recall(reader, row, sha256));
  return read.ok ? read.value : read;
};

/** What its report says needs no journal. Codes: config-invalid (no such clearing), those of the store. */
export const clearingNamed = async (store: Store, name: string): Promise<Result<ClearingRow>> => {
  const read = await store.read<Result<ClearingRow>>(async (reader) => {
    const [row] = await reader.get('clearing', [[name]]);
    return row === undefined ? unknown(reader, name) : ok(row);
  });
  return read.ok ? read.value : read;
};
