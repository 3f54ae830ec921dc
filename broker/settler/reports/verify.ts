/** Verification: the journal replayed from its first row and compared with every table that follows from it. */

import { compareBytes, toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { eventOfRow, headAfter } from '../ledger/journal.ts';
import { openAndGrant } from '../ledger/proofs.ts';
import { FOLDED, type Folded, Replay, replayJournal } from '../ledger/replay.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import {
  type Balance,
  type ChannelRow,
  keyOfRow,
  keyText,
  type StatementRow,
  TABLES,
  type Tables,
} from '../store/tables.ts';
import { balancesOf, snapshotJudge, snapshotsIn, storedPages } from './snapshot.ts';
import { compareTransfers } from './verify-transfers.ts';

export type Verified = {
  readonly rows: number;
  readonly hash: string;
  readonly channels: number;
  readonly snapshots: number;
  /** The row that the replay began at. */
  readonly from: number;
};

const corrupt = (detail: string) => refuse('journal-corrupt', detail);

const said = (value: unknown): string =>
  value instanceof Uint8Array ? toHex(value.subarray(0, 16)) : JSON.stringify(value, (_, v) => String(v));

const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? compareBytes(a, b) === 0 : a === b;

/** The first field in which a stored row is not what the journal says. */
const differing = <T extends keyof Tables>(table: T, stored: Tables[T], folded: Tables[T]) =>
  TABLES[table].columns.find(({ field }) => {
    const [is, should] = [stored[field as keyof Tables[T]], folded[field as keyof Tables[T]]];
    // A journal of the first version does not hold the grants that were signed then.
    if (field === 'grant' && (should as Uint8Array).length === 0) return false;
    return !isSame(is, should);
  });

const compareRow = <T extends Folded>(
  table: T,
  stored: Tables[T] | undefined,
  folded: Tables[T] | undefined,
): Result<null> => {
  const name = `${table} ${keyText(keyOfRow(table, (stored ?? folded)!))}`;
  if (folded === undefined) return corrupt(`${name} is stored, and the journal knows nothing of it`);
  if (stored === undefined) return corrupt(`${name} is not stored, and the journal knows it`);
  const column = differing(table, stored, folded);
  if (column === undefined) return ok(null);
  const field = column.field as keyof Tables[T];
  return corrupt(
    `${name}: ${column.field} is stored as ${said(stored[field])}, the journal says ${said(folded[field])}`,
  );
};

/** Channels are compared as they close, so that a long journal needs no long memory. */
const compareClosed = async (reader: Reader, closed: readonly ChannelRow[]): Promise<Result<null>> => {
  const stored = await reader.get(
    'channel',
    closed.map(({ id }) => [id]),
  );
  const byKey = new Map(stored.map((channel) => [keyText([channel.id]), channel]));
  for (const channel of closed) {
    const compared = compareRow('channel', byKey.get(keyText([channel.id])), channel);
    if (!compared.ok) return compared;
  }
  return ok(null);
};

/** Statements of the first version are in no journal; nor are the grants of their channels. */
const isOfFirstVersion = async (reader: Reader, channel: Uint8Array): Promise<boolean> => {
  const [row] = await reader.rows([`grant/${toHex(channel)}`]);
  const event = row === undefined ? undefined : eventOfRow(row);
  return event?.ok === true && openAndGrant(event.value.proof).grant.length === 0;
};

/** Is a row that is not in memory accounted for otherwise? */
const isElsewhere = async <T extends Folded>(reader: Reader, table: T, row: Tables[T]): Promise<boolean> => {
  if (table === 'channel') return (row as ChannelRow).closed;
  return table === 'statement' && isOfFirstVersion(reader, (row as StatementRow).channel);
};

const compareTable = async <T extends Folded>(
  reader: Reader,
  table: T,
  folded: ReadonlyMap<string, Tables[T]>,
): Promise<Result<number>> => {
  const missing = new Set(folded.keys());
  let count = 0;
  for await (const row of allRows(reader, table)) {
    const key = keyText(keyOfRow(table, row));
    count++;
    if (!missing.delete(key) && (await isElsewhere(reader, table, row))) continue;
    const compared = compareRow(table, row, folded.get(key));
    if (!compared.ok) return compared;
  }
  const [key] = missing;
  if (key === undefined) return ok(count);
  const compared = compareRow(table, undefined, folded.get(key));
  return compared.ok ? ok(count) : compared;
};

const compareBalances = async (reader: Reader, replayed: readonly Balance[]): Promise<Result<null>> => {
  const rest = new Map(replayed.map((balance) => [keyText([balance.account, balance.currency]), balance]));
  for await (const { account, currency, nano } of allRows(reader, 'balance')) {
    const key = keyText([account, currency]);
    const said = rest.get(key)?.nano ?? 0n;
    if (said !== nano)
      return corrupt(`${account} ${currency} is stored as ${nano} nano, the journal says ${said}`);
    rest.delete(key);
  }
  for (const { account, currency, nano } of rest.values())
    return corrupt(`${account} ${currency} is not stored, the journal says ${nano} nano`);
  return ok(null);
};

const compareAll = async (reader: Reader, replay: Replay, closedCount: number): Promise<Result<number>> => {
  const balances = await compareBalances(reader, replay.balances());
  if (!balances.ok) return balances;
  let channels = 0;
  for (const table of FOLDED) {
    const compared = await compareTable(reader, table, replay.tables[table]);
    if (!compared.ok) return compared;
    if (table === 'channel') channels = compared.value;
  }
  const granted = closedCount + replay.tables.channel.size;
  if (channels === granted) return ok(channels);
  return corrupt(`${granted} channels were granted, ${channels} are stored`);
};

const verifiedOf = ({ head }: Replay, channels: number, snapshots: number, from: number): Verified => ({
  rows: head.length,
  hash: toHex(head.hash),
  channels,
  snapshots,
  from,
});

const replayAll = async (reader: Reader, sha256: Sha256): Promise<Result<Verified>> => {
  const taken = await snapshotsIn(reader);
  if (!taken.ok) return taken;
  for (const one of taken.value) {
    const pages = await storedPages(reader, one, sha256);
    if (!pages.ok) return pages;
  }
  const replay = new Replay(sha256, { judge: snapshotJudge(taken.value, sha256) });
  let closedCount = 0;
  let transfers = 0;
  const replayed = await replayJournal(reader, replay, sha256, {
    after: (steps, closed) => {
      for (const { event } of steps) {
        if (event.kind === 'release' || event.kind === 'expiry') closedCount++;
        if (event.kind === 'payout-pending' || event.kind === 'collection-pending') transfers++;
      }
      return compareClosed(reader, closed);
    },
  });
  if (!replayed.ok) return replayed;
  const compared = await compareTransfers(reader, transfers);
  if (!compared.ok) return compared;
  const channels = await compareAll(reader, replay, closedCount);
  return channels.ok ? ok(verifiedOf(replay, channels.value, taken.value.length, 0)) : channels;
};

/** From the newest snapshot on: hashes, entries and balances. Tables follow from the whole journal alone. */
const replaySince = async (reader: Reader, sha256: Sha256): Promise<Result<Verified>> => {
  const snapshots = await snapshotsIn(reader);
  if (!snapshots.ok) return snapshots;
  const newest = snapshots.value.at(-1);
  if (newest === undefined) return replayAll(reader, sha256);
  const pages = await storedPages(reader, newest, sha256);
  if (!pages.ok) return pages;
  const [last] = await reader.journal(newest.length - 1, 1);
  if (last === undefined) return corrupt(`row ${newest.length - 1}: missing, a snapshot is of it`);
  const from = { head: headAfter(last), balances: pages.value.flatMap(balancesOf) };
  const replay = new Replay(sha256, { from });
  const replayed = await replayJournal(reader, replay, sha256);
  if (!replayed.ok) return replayed;
  const balances = await compareBalances(reader, replay.balances());
  return balances.ok ? ok(verifiedOf(replay, 0, 1, newest.length)) : balances;
};

/**
 * Replays the journal and compares: hashes, entries, balances, every table, snapshots, and the database itself. With
 * `sinceSnapshot` it begins at the newest one, and compares balances alone.
 * Codes: journal-corrupt (naming the first bad row, or the table, key and field that differ), storage-failed.
 */
export const verifyStore = async (
  store: Store,
  sha256: Sha256,
  { sinceSnapshot = false }: { readonly sinceSnapshot?: boolean } = {},
): Promise<Result<Verified>> => {
  const sound = await store.check();
  if (!sound.ok) return sound;
  const replay = sinceSnapshot ? replaySince : replayAll;
  const verified = await store.read((reader) => replay(reader, sha256));
  return verified.ok ? verified.value : verified;
};
