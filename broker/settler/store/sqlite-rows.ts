/** Rows of the SQLite store: each table's columns to values and back, prepared once per connection. */

import type { JournalRow } from '../ledger/journal.ts';
import { EMPTY_HEAD, headAfter } from '../ledger/journal.ts';
import type { SqliteDriver, SqlRow, SqlValue } from './sqlite-driver.ts';
import type {
  Balance,
  Changes,
  ChannelRow,
  OwnerRow,
  PayoutRow,
  PayoutState,
  Reader,
  RunRow,
  StatementRow,
} from './store.ts';

const text = (value: SqlValue | undefined): string => value as string;
const textOrNull = (value: SqlValue | undefined): string | null => value as string | null;
/** Columns below 2^53 by their checks. */
const number = (value: SqlValue | undefined): number => Number(value as bigint);
/** A plain Uint8Array: better-sqlite3 gives Buffers, whose `slice` shares memory. */
const blob = (value: SqlValue | undefined): Uint8Array => {
  const bytes = value as Uint8Array;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
};
const blobOrNull = (value: SqlValue | undefined): Uint8Array | null => (value === null ? null : blob(value));

const journalRow = (row: SqlRow): JournalRow => ({
  index: number(row.idx),
  timeMs: number(row.time_ms),
  key: text(row.key),
  bytes: blob(row.bytes),
  hash: blob(row.hash),
});
const balance = (row: SqlRow): Balance => ({
  account: text(row.account),
  currency: text(row.currency),
  nano: row.nano as bigint,
});
const channel = (row: SqlRow): ChannelRow => ({
  id: blob(row.id),
  payer: blob(row.payer),
  payee: blob(row.payee),
  currency: text(row.currency),
  lease: blob(row.lease),
  limitNano: number(row.limit_nano),
  expiryS: number(row.expiry_s),
  grant: blob(row.grant_bytes),
  paidNano: number(row.paid_nano),
  closed: row.closed === 1n,
  bookedIndex: number(row.booked_index),
  voucher: blobOrNull(row.voucher),
  index: number(row.tick_index),
  link: blobOrNull(row.link),
});
const owner = (row: SqlRow): OwnerRow => ({
  key: blob(row.key),
  name: text(row.name),
  iban: text(row.iban),
  bic: textOrNull(row.bic),
});
const run = (row: SqlRow): RunRow => ({
  id: text(row.id),
  createdMs: number(row.created_ms),
  executionDate: text(row.execution_date),
  currency: text(row.currency),
  name: text(row.name),
  iban: text(row.iban),
  bic: textOrNull(row.bic),
});
const payout = (row: SqlRow): PayoutRow => ({
  id: text(row.id),
  run: text(row.run),
  owner: blob(row.owner),
  currency: text(row.currency),
  nano: row.nano as bigint,
  name: text(row.name),
  iban: text(row.iban),
  bic: textOrNull(row.bic),
  state: text(row.state) as PayoutState,
});
const statement = (row: SqlRow): StatementRow => ({
  channel: blob(row.channel),
  presentedMs: number(row.presented_ms),
  bytes: blob(row.bytes),
});

/** GLOB and LIKE have wildcards; a range has none. Keys are ASCII, so '\x7f' is above every one. */
const under = (prefix: string): [string, string] => [prefix, prefix + '\x7f'];

export const prepareReader = (driver: SqliteDriver): Reader => {
  const query = <T>(sql: string, read: (row: SqlRow) => T) => {
    const prepared = driver.prepare(sql);
    return (...values: SqlValue[]): T[] => prepared.all(...values).map(read);
  };
  const last = query('SELECT * FROM journal ORDER BY idx DESC LIMIT 1', journalRow);
  const channelById = query('SELECT * FROM channel WHERE id = ?', channel);
  const balanceOf = query('SELECT * FROM balance WHERE account = ?', balance);
  const ownerByKey = query('SELECT * FROM owner WHERE key = ?', owner);
  const statementOf = query('SELECT * FROM statement WHERE channel = ?', statement);
  const runById = query('SELECT * FROM run WHERE id = ?', run);
  const metaOf = query('SELECT value FROM meta WHERE name = ?', (row) => text(row.value));
  const rowByKey = query('SELECT * FROM journal WHERE key = ?', journalRow);
  const rowsFrom = query('SELECT * FROM journal WHERE idx >= ? ORDER BY idx LIMIT ?', journalRow);
  const rowsUnder = query(
    'SELECT * FROM journal WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    journalRow,
  );
  const expired = query(
    'SELECT * FROM channel WHERE closed = 0 AND expiry_s <= ? ORDER BY expiry_s, id LIMIT ?',
    channel,
  );
  const channelsAfter = query('SELECT * FROM channel WHERE id > ? ORDER BY id LIMIT ?', channel);
  const balancesUnder = query(
    `SELECT * FROM balance WHERE account >= ? AND account < ? AND (account, currency) > (?, ?)
     ORDER BY account, currency LIMIT ?`,
    balance,
  );
  const payoutsOf = query('SELECT * FROM payout WHERE run = ? ORDER BY id', payout);
  return {
    head: async () => {
      const [row] = last();
      return row === undefined ? EMPTY_HEAD : headAfter(row);
    },
    channels: async (ids) => ids.flatMap((id) => channelById(id)),
    balances: async (accounts) => accounts.flatMap((account) => balanceOf(account)),
    owners: async (keys) => keys.flatMap((key) => ownerByKey(key)),
    statements: async (channels) => channels.flatMap((id) => statementOf(id)),
    runs: async (ids) => ids.flatMap((id) => runById(id)),
    meta: async (name) => metaOf(name)[0],
    rows: async (keys) => keys.flatMap((key) => rowByKey(key)),
    journal: async (from, countMax) => rowsFrom(BigInt(from), BigInt(countMax)),
    rowsUnder: async (prefix, countMax) => rowsUnder(...under(prefix), BigInt(countMax)),
    expired: async (expiryS, countMax) => expired(BigInt(expiryS), BigInt(countMax)),
    allChannels: async (after, countMax) => channelsAfter(after ?? new Uint8Array(0), BigInt(countMax)),
    balancesUnder: async (prefix, after, countMax) =>
      balancesUnder(...under(prefix), after?.account ?? '', after?.currency ?? '', BigInt(countMax)),
    payouts: async (id) => payoutsOf(id),
  };
};

type Table<T> = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly values: (row: T) => SqlValue[];
};

const JOURNAL: Table<JournalRow> = {
  name: 'journal',
  columns: ['idx', 'time_ms', 'key', 'bytes', 'hash'],
  values: (row) => [BigInt(row.index), BigInt(row.timeMs), row.key, row.bytes, row.hash],
};
const BALANCE: Table<Balance> = {
  name: 'balance',
  columns: ['account', 'currency', 'nano'],
  values: (row) => [row.account, row.currency, row.nano],
};
const CHANNEL: Table<ChannelRow> = {
  name: 'channel',
  columns: [
    ...['id', 'payer', 'payee', 'currency', 'lease', 'limit_nano', 'expiry_s', 'grant_bytes'],
    ...['paid_nano', 'closed', 'booked_index', 'voucher', 'tick_index', 'link'],
  ],
  values: (row) => [
    row.id,
    row.payer,
    row.payee,
    row.currency,
    row.lease,
    BigInt(row.limitNano),
    BigInt(row.expiryS),
    row.grant,
    BigInt(row.paidNano),
    row.closed ? 1n : 0n,
    BigInt(row.bookedIndex),
    row.voucher,
    BigInt(row.index),
    row.link,
  ],
};
const OWNER: Table<OwnerRow> = {
  name: 'owner',
  columns: ['key', 'name', 'iban', 'bic'],
  values: (row) => [row.key, row.name, row.iban, row.bic],
};
const RUN: Table<RunRow> = {
  name: 'run',
  columns: ['id', 'created_ms', 'execution_date', 'currency', 'name', 'iban', 'bic'],
  values: (row) => [
    row.id,
    BigInt(row.createdMs),
    row.executionDate,
    row.currency,
    row.name,
    row.iban,
    row.bic,
  ],
};
const PAYOUT: Table<PayoutRow> = {
  name: 'payout',
  columns: ['id', 'run', 'owner', 'currency', 'nano', 'name', 'iban', 'bic', 'state'],
  values: (row) => [
    row.id,
    row.run,
    row.owner,
    row.currency,
    row.nano,
    row.name,
    row.iban,
    row.bic,
    row.state,
  ],
};
const STATEMENT: Table<StatementRow> = {
  name: 'statement',
  columns: ['channel', 'presented_ms', 'bytes'],
  values: (row) => [row.channel, BigInt(row.presentedMs), row.bytes],
};

/**
 * Upserts on the primary key, the first column or two; the journal's insert (no key) never replaces. Columns
 * before `firstMutable` are written once, which spares the indexes over them.
 */
const prepareWrites = <T>(
  driver: SqliteDriver,
  table: Table<T>,
  keyColumns: number,
  firstMutable = keyColumns,
) => {
  const columns = table.columns.join(', ');
  const places = table.columns.map(() => '?').join(', ');
  const key = table.columns.slice(0, keyColumns).join(', ');
  const updates = table.columns.slice(firstMutable).map((column) => `${column} = excluded.${column}`);
  const upsert = keyColumns === 0 ? '' : ` ON CONFLICT (${key}) DO UPDATE SET ${updates.join(', ')}`;
  const prepared = driver.prepare(`INSERT INTO ${table.name} (${columns}) VALUES (${places})${upsert}`);
  return (rows: readonly T[] | undefined): void => {
    for (const row of rows ?? []) prepared.run(...table.values(row));
  };
};

export const prepareWriter = (driver: SqliteDriver): ((changes: Changes) => void) => {
  const journal = prepareWrites(driver, JOURNAL, 0);
  const balances = prepareWrites(driver, BALANCE, 2);
  const channels = prepareWrites(driver, CHANNEL, 1, CHANNEL.columns.indexOf('paid_nano'));
  const owners = prepareWrites(driver, OWNER, 1);
  const runs = prepareWrites(driver, RUN, 1);
  const payouts = prepareWrites(driver, PAYOUT, 1);
  const statements = prepareWrites(driver, STATEMENT, 1);
  const meta = driver.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  return (changes) => {
    journal(changes.journal);
    balances(changes.balances);
    channels(changes.channels);
    owners(changes.owners);
    runs(changes.runs);
    payouts(changes.payouts);
    statements(changes.statements);
    for (const row of changes.meta ?? []) meta.run(row.name, row.value);
  };
};
