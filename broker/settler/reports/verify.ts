/** Verification: the journal replayed from its first row and compared with every balance and channel. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { balanceKey, Replay } from '../ledger/journal.ts';
import { channelAccount, type LedgerEvent } from '../ledger/ledger.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import type { Balance, ChannelRow } from '../store/tables.ts';

export type Verified = { readonly rows: number; readonly hash: string; readonly channels: number };

const ROWS_PER_PAGE = 1000;

/** What the journal says of a channel. */
type Trace = { limitNano: bigint; paidNano: bigint; closed: boolean; row: number };

const trace = (traces: Map<string, Trace>, event: LedgerEvent, row: number): void => {
  if (event.kind === 'grant') {
    traces.set(event.subject, { limitNano: event.nano, paidNano: 0n, closed: false, row });
  } else if (event.kind === 'claim' || event.kind === 'release' || event.kind === 'expiry') {
    const known = traces.get(event.subject);
    if (known === undefined) return;
    const closed = event.kind !== 'claim';
    traces.set(event.subject, { ...known, paidNano: event.totalNano, closed, row });
  }
};

const compareChannel = (
  channel: ChannelRow,
  known: Trace | undefined,
  heldNano: bigint,
): string | undefined => {
  if (known === undefined) return 'the journal knows no grant of it';
  if (BigInt(channel.limitNano) !== known.limitNano)
    return `its limit is ${known.limitNano} nano in the journal`;
  if (BigInt(channel.paidNano) !== known.paidNano) return `it has paid ${known.paidNano} nano in the journal`;
  if (channel.closed !== known.closed) return `it is ${known.closed ? 'closed' : 'open'} in the journal`;
  if (channel.bookedIndex !== known.row) return `its last row in the journal is ${known.row}`;
  const restNano = known.closed ? 0n : known.limitNano - known.paidNano;
  if (heldNano !== restNano) return `its account holds ${heldNano} nano, ${restNano} nano are reserved`;
  return undefined;
};

const compareChannels = async (
  reader: Reader,
  traces: ReadonlyMap<string, Trace>,
  balances: ReadonlyMap<string, bigint>,
): Promise<Result<number>> => {
  let count = 0;
  for await (const channel of allRows(reader, 'channel')) {
    count++;
    const account = channelAccount(toHex(channel.id));
    const heldNano = balances.get(balanceKey(account, channel.currency)) ?? 0n;
    const fault = compareChannel(channel, traces.get(toHex(channel.id)), heldNano);
    if (fault !== undefined) return refuse('journal-corrupt', `${account} differs: ${fault}`);
  }
  if (count === traces.size) return ok(count);
  return refuse('journal-corrupt', `${traces.size} channels were granted, ${count} are stored`);
};

/**
 * Replays the journal and compares: hashes, entries, balances, channels, and the database itself.
 * Codes: journal-corrupt (naming the first bad row or what differs), storage-failed.
 */
export const verifyStore = async (store: Store, sha256: Sha256): Promise<Result<Verified>> => {
  const sound = await store.check();
  if (!sound.ok) return sound;
  const verified = await store.read((reader) => replay(reader, sha256));
  return verified.ok ? verified.value : verified;
};

const replay = async (reader: Reader, sha256: Sha256): Promise<Result<Verified>> => {
  const journal = new Replay(sha256);
  const traces = new Map<string, Trace>();
  for (;;) {
    const rows = await reader.journal(journal.head.length, ROWS_PER_PAGE);
    for (const row of rows) {
      const event = journal.add(row);
      if (!event.ok) return event;
      trace(traces, event.value, row.index);
    }
    if (rows.length < ROWS_PER_PAGE) break;
  }
  const balances: Balance[] = [];
  for await (const balance of allRows(reader, 'balance')) balances.push(balance);
  const compared = journal.compare(balances);
  if (!compared.ok) return compared;
  const channels = await compareChannels(reader, traces, journal.balances);
  if (!channels.ok) return channels;
  return ok({ rows: journal.head.length, hash: toHex(journal.head.hash), channels: channels.value });
};
