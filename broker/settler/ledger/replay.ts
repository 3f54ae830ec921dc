/**
 * Replays a journal from its first row: the chain of hashes, every entry, and every table that follows from it. The
 * one fold that verification, an audit and a restore share; they differ in what else they ask of each row.
 */

import { compareBytes, equalBytes, fromHex } from '../../../schemas/bytes.ts';
import type { Crypto, Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Puts, Reader } from '../store/store.ts';
import { type Balance, type ChannelRow, type Key, keyOfRow, keyText, type Tables } from '../store/tables.ts';
import { EMPTY_HEAD, eventOfRow, type Head, headAfter, type JournalRow, nextRow } from './journal.ts';
import { type Entry, entriesOf, keyOf, type LedgerEvent, mayOverdraw } from './ledger.ts';
import type { Lookup } from './notes.ts';
import { believingWith, project } from './projection.ts';

/** No event asks what was stated before: a replay lets statements go at once. */
export const HELD = ['channel', 'budget', 'spending', 'line', 'consent', 'dispute'] as const;
/** The tables that follow from the journal, beside balances. */
export const FOLDED = [...HELD, 'statement'] as const;
export type Folded = (typeof FOLDED)[number];
export type Held = (typeof HELD)[number];
type Rows = { readonly [T in Held]: Map<string, Tables[T]> };

/** What one row did. */
export type Step = {
  readonly event: LedgerEvent;
  readonly entries: readonly Entry[];
  readonly row: JournalRow;
  readonly puts: Puts;
};

/** What else is asked of a row, on the state before it: undefined, or what is wrong with it. */
export type Judge = (event: LedgerEvent, row: JournalRow, before: Replay) => string | undefined;

export type ReplayOptions = {
  /** Asked about every signature that the tables rest on. Where it is left out all are believed, having been checked. */
  readonly crypto?: Crypto;
  readonly judge?: Judge;
  /** Where to begin, with what was held then. Tables need the whole journal: from here they stay empty. */
  readonly from?: { readonly head: Head; readonly balances: readonly Balance[] };
};

const isHeld = (table: string): table is Held => (HELD as readonly string[]).includes(table);

/** Accounts are per currency. Neither has a space, so these sort as the two do. */
const balanceKey = (account: string, currency: string): string => `${account} ${currency}`;

export class Replay {
  head: Head = EMPTY_HEAD;
  readonly tables: Rows = {
    channel: new Map(),
    budget: new Map(),
    spending: new Map(),
    line: new Map(),
    consent: new Map(),
    dispute: new Map(),
  };
  /** Those that hold nothing are left out, as most channels do in the end. */
  private readonly nanos = new Map<string, bigint>();
  /** Since channels were last forgotten. */
  private readonly touched = new Map<string, ChannelRow>();
  private readonly crypto: Crypto;
  private readonly judge: Judge;
  private readonly projection: typeof project;

  constructor(sha256: Sha256, options: ReplayOptions = {}) {
    this.crypto = options.crypto ?? believingWith(sha256);
    this.judge = options.judge ?? (() => undefined);
    this.projection = options.from === undefined ? project : () => ({});
    if (options.from === undefined) return;
    this.head = options.from.head;
    for (const { account, currency, nano } of options.from.balances) this.move(account, currency, nano);
  }

  readonly lookup: Lookup = <T extends keyof Tables>(table: T, key: Key) =>
    isHeld(table) ? (this.tables[table].get(keyText(key)) as Tables[T] | undefined) : undefined;

  balanceNano(account: string, currency: string): bigint {
    return this.nanos.get(balanceKey(account, currency)) ?? 0n;
  }

  /** Those that hold something, by account and currency. */
  balances(): readonly Balance[] {
    return [...this.nanos.keys()].sort().map((key) => {
      const [account, currency] = key.split(' ') as [string, string];
      return { account, currency, nano: this.nanos.get(key)! };
    });
  }

  /**
   * Refuses the first bad row by its index; the state is then that of the last good one. `read` is what the row's
   * bytes say. Code: journal-corrupt.
   */
  add(row: JournalRow, read: Result<LedgerEvent> = eventOfRow(row)): Result<Step> {
    const bad = (why: string) => refuse('journal-corrupt', `row ${this.head.length}: ${why}`);
    if (row.index !== this.head.length) return bad(`missing, row ${row.index} follows`);
    if (!read.ok) return read;
    const event = read.value;
    const entries = entriesOf(event);
    const { timeMs } = this.head;
    if (!Number.isSafeInteger(row.timeMs) || row.timeMs < timeMs)
      return bad(`its time is ${row.timeMs}, that of the row before ${timeMs}`);
    const expected = nextRow(this.head, row.timeMs, event, this.crypto.sha256, entries);
    // Re-encoding decides every field at once: index, time, event, entries and key.
    if (compareBytes(expected.bytes, row.bytes) !== 0) return bad('its bytes are not what its event writes');
    if (expected.key !== row.key) return bad(`its key is ${row.key}, its event's is ${expected.key}`);
    if (!equalBytes(expected.hash, row.hash)) return bad('its hash does not continue the chain');
    const fault = this.overdrawn(entries) ?? this.judge(event, row, this);
    if (fault !== undefined) return bad(`${event.kind} ${event.subject}: ${fault}`);
    const puts = this.projected(event, row);
    if (!puts.ok) return bad(`${event.kind} ${event.subject}: ${puts.detail}`);
    const step = { event, entries, row, puts: puts.value };
    this.take(step);
    return ok(step);
  }

  /** Channels that are closed say no more than the journal does: their rows are let go. */
  forgetClosed(): readonly ChannelRow[] {
    const closed = [...this.touched.values()].filter((channel) => channel.closed);
    for (const { id } of closed) this.tables.channel.delete(keyText([id]));
    this.touched.clear();
    return closed;
  }

  /** A channel that was forgotten, as `recallChannels` found it. */
  recall(channel: ChannelRow): void {
    const key = keyText([channel.id]);
    this.tables.channel.set(key, channel);
    this.touched.set(key, channel);
  }

  private overdrawn(entries: readonly Entry[]): string | undefined {
    for (const { debit, currency, nano } of entries) {
      const left = this.balanceNano(debit, currency) - nano;
      if (left < 0n && !mayOverdraw(debit)) return `${debit} would hold ${left} nano`;
    }
    return undefined;
  }

  /** A projection throws where a proof is not what its event needs. */
  private projected(event: LedgerEvent, row: JournalRow): Result<Puts> {
    try {
      return ok(this.projection(event, row, this.lookup, this.crypto));
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError)
        return refuse('journal-corrupt', error.message);
      throw error;
    }
  }

  private take({ entries, row, puts }: Step): void {
    for (const { debit, credit, currency, nano } of entries) {
      this.move(debit, currency, -nano);
      this.move(credit, currency, nano);
    }
    for (const table of HELD) if (puts[table] !== undefined) this.putAll(table, puts);
    for (const channel of puts.channel ?? []) this.touched.set(keyText([channel.id]), channel);
    this.head = headAfter(row);
  }

  private putAll<T extends Held>(table: T, puts: Puts): void {
    const rows = this.tables[table] as Map<string, Tables[T]>;
    for (const row of (puts[table] ?? []) as readonly Tables[T][])
      rows.set(keyText(keyOfRow(table, row)), row);
  }

  private move(account: string, currency: string, nano: bigint): void {
    const key = balanceKey(account, currency);
    const left = (this.nanos.get(key) ?? 0n) + nano;
    if (left === 0n) this.nanos.delete(key);
    else this.nanos.set(key, left);
  }
}

/** Keys that begin with a channel which must be there before. */
const OF_CHANNEL = /^(?:claim|release|expiry|dispute|dispute-resolved|statement)\/([0-9a-f]{64})/;
const GRANT = /^grant\/([0-9a-f]{64})$/;

const channelOfRows = (rows: readonly JournalRow[], sha256: Sha256): ChannelRow => {
  const crypto = believingWith(sha256);
  let channel: ChannelRow | undefined;
  const lookup: Lookup = <T extends keyof Tables>(table: T) =>
    (table === 'channel' ? channel : undefined) as Tables[T] | undefined;
  for (const row of rows) {
    const event = eventOfRow(row);
    if (!event.ok) throw new RangeError(event.detail);
    channel = project(event.value, row, lookup, crypto).channel?.[0];
  }
  return channel!;
};

/** The end of a channel says what it has paid in all, and with that which claim was the last. */
const lastClaim = async (reader: Reader, closing: JournalRow): Promise<readonly JournalRow[]> => {
  const event = eventOfRow(closing);
  return event.ok ? reader.rows([keyOf({ ...event.value, kind: 'claim' })]) : [];
};

/** Brings back the closed channels that the rows are about, from what the journal says of them: three rows. */
export const recallChannels = async (
  replay: Replay,
  reader: Reader,
  rows: readonly JournalRow[],
  sha256: Sha256,
): Promise<void> => {
  const granted = new Set(rows.map(({ key }) => GRANT.exec(key)?.[1]));
  const ids = new Set(rows.flatMap(({ key }) => OF_CHANNEL.exec(key)?.[1] ?? []));
  const isUnknown = (id: string): boolean =>
    !granted.has(id) && replay.lookup('channel', [fromHex(id)!]) === undefined;
  for (const id of [...ids].filter(isUnknown)) {
    const ends = await reader.rows([`grant/${id}`, `release/${id}`, `expiry/${id}`]);
    const [grant, closing] = [...ends].sort((a, b) => a.index - b.index);
    if (grant === undefined || closing === undefined || closing.index >= replay.head.length) continue;
    replay.recall(channelOfRows([grant, ...(await lastClaim(reader, closing)), closing], sha256));
  }
};

const PAGE_ROWS = 1000;

export type PageHooks = {
  /** Before the rows of a page are added. */
  readonly before?: (rows: readonly JournalRow[]) => Promise<Result<null>>;
  /** After them; `closed` are the channels that are let go. */
  readonly after?: (steps: readonly Step[], closed: readonly ChannelRow[]) => Promise<Result<null>>;
};

const DONE = ok(null);

/** Replays what the reader has, page by page, from the replay's head on. Codes: journal-corrupt, those of the hooks. */
export const replayJournal = async (
  reader: Reader,
  replay: Replay,
  sha256: Sha256,
  { before = async () => DONE, after = async () => DONE }: PageHooks = {},
): Promise<Result<null>> => {
  for (;;) {
    const rows = await reader.journal(replay.head.length, PAGE_ROWS);
    await recallChannels(replay, reader, rows, sha256);
    const fetched = await before(rows);
    if (!fetched.ok) return fetched;
    const steps: Step[] = [];
    for (const row of rows) {
      const step = replay.add(row);
      if (!step.ok) return step;
      steps.push(step.value);
    }
    const told = await after(steps, replay.forgetClosed());
    if (!told.ok || rows.length < PAGE_ROWS) return told;
  }
};
