/** Verification: the journal replayed from its first row and compared with every table that follows from it. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { headAfter } from '../ledger/journal.ts';
import { HELD, type Held, Replay, replayJournal, type Step } from '../ledger/replay.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import { type Balance, type ChannelRow, keyOfRow, keyText, type Tables } from '../store/tables.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { compareRow } from './compare-row.ts';
import { balancesOf, snapshotJudge, snapshotsIn, storedPages } from './snapshot.ts';
import { StatementCheck } from './verify-statements.ts';
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

const WATCHED_ROWS = 1000;

const compareTable = async <T extends Held>(
  reader: Reader,
  table: T,
  folded: ReadonlyMap<string, Tables[T]>,
  watch: Watch,
): Promise<Result<number>> => {
  const missing = new Set(folded.keys());
  let count = 0;
  for await (const row of allRows(reader, table)) {
    const key = keyText(keyOfRow(table, row));
    if (++count % WATCHED_ROWS === 0) await watch(`rows of ${table} verified`, count);
    // Channels that are closed were compared as they closed.
    if (!missing.delete(key) && table === 'channel' && (row as ChannelRow).closed) continue;
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

const compareAll = async (
  reader: Reader,
  replay: Replay,
  closedCount: number,
  watch: Watch,
): Promise<Result<number>> => {
  const balances = await compareBalances(reader, replay.balances());
  if (!balances.ok) return balances;
  let channels = 0;
  for (const table of HELD) {
    const compared = await compareTable(reader, table, replay.tables[table], watch);
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

/** What is looked at as the journal is replayed. */
class Following {
  closedCount = 0;
  transfers = 0;
  readonly statements = new StatementCheck();

  note({ event }: Step): void {
    if (event.kind === 'release' || event.kind === 'expiry') this.closedCount++;
    if (event.kind === 'payout-pending' || event.kind === 'collection-pending') this.transfers++;
  }
}

const replayAll = async (reader: Reader, sha256: Sha256, watch: Watch): Promise<Result<Verified>> => {
  const taken = await snapshotsIn(reader);
  if (!taken.ok) return taken;
  for (const one of taken.value) {
    const pages = await storedPages(reader, one, sha256);
    if (!pages.ok) return pages;
  }
  const { length } = await reader.head();
  const replay = new Replay(sha256, { judge: snapshotJudge(taken.value, sha256) });
  const following = new Following();
  const replayed = await replayJournal(reader, replay, sha256, {
    after: async (steps, closed) => {
      for (const step of steps) following.note(step);
      const stated = await following.statements.compare(reader, steps, replay.head.length);
      if (!stated.ok) return stated;
      await watch('rows verified', replay.head.length, length);
      return compareClosed(reader, closed);
    },
  });
  if (!replayed.ok) return replayed;
  const transfers = await compareTransfers(reader, following.transfers);
  if (!transfers.ok) return transfers;
  const statements = await following.statements.end(reader);
  if (!statements.ok) return statements;
  const channels = await compareAll(reader, replay, following.closedCount, watch);
  return channels.ok ? ok(verifiedOf(replay, channels.value, taken.value.length, 0)) : channels;
};

/** From the newest snapshot on: hashes, entries and balances. Tables follow from the whole journal alone. */
const replaySince = async (reader: Reader, sha256: Sha256, watch: Watch): Promise<Result<Verified>> => {
  const snapshots = await snapshotsIn(reader);
  if (!snapshots.ok) return snapshots;
  const newest = snapshots.value.at(-1);
  if (newest === undefined) return replayAll(reader, sha256, watch);
  const pages = await storedPages(reader, newest, sha256);
  if (!pages.ok) return pages;
  const [last] = await reader.journal(newest.length - 1, 1);
  if (last === undefined) return corrupt(`row ${newest.length - 1}: missing, a snapshot is of it`);
  const from = { head: headAfter(last), balances: pages.value.flatMap(balancesOf) };
  const replay = new Replay(sha256, { from });
  const { length } = await reader.head();
  const replayed = await replayJournal(reader, replay, sha256, {
    after: async () => {
      await watch('rows verified', replay.head.length - newest.length, length - newest.length);
      return ok(null);
    },
  });
  if (!replayed.ok) return replayed;
  const balances = await compareBalances(reader, replay.balances());
  return balances.ok ? ok(verifiedOf(replay, 0, 1, newest.length)) : balances;
};

export type VerifyOptions = { readonly sinceSnapshot?: boolean; readonly watch?: Watch };

/**
 * Replays the journal and compares: hashes, entries, balances, every table, snapshots, and the database itself. With
 * `sinceSnapshot` it begins at the newest one, and compares balances alone.
 * Codes: journal-corrupt (naming the first bad row, or the table, key and field that differ), storage-failed.
 */
export const verifyStore = async (
  store: Store,
  sha256: Sha256,
  { sinceSnapshot = false, watch = UNWATCHED }: VerifyOptions = {},
): Promise<Result<Verified>> => {
  await watch('looking at the database itself', 0);
  const sound = await store.check();
  if (!sound.ok) return sound;
  const replay = sinceSnapshot ? replaySince : replayAll;
  const verified = await store.read((reader) => replay(reader, sha256, watch));
  return verified.ok ? verified.value : verified;
};
