/** The store in memory: for tests and for simulations. Durable as long as the process. */

import { compareBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import { balanceKey, EMPTY_HEAD, headAfter, type JournalRow } from '../ledger/journal.ts';
import type {
  Balance,
  Changes,
  ChannelRow,
  OwnerRow,
  PayoutRow,
  Reader,
  RunRow,
  StatementRow,
  Store,
} from './store.ts';
import { takeTurns } from './turns.ts';

const found = <T>(map: ReadonlyMap<string, T>, keys: readonly string[]): T[] =>
  keys.flatMap((key) => map.get(key) ?? []);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byAccount = (a: Balance, b: Balance): number =>
  byText(a.account, b.account) || byText(a.currency, b.currency);

const createTables = () => ({
  journal: [] as JournalRow[],
  rowsByKey: new Map<string, JournalRow>(),
  balances: new Map<string, Balance>(),
  channels: new Map<string, ChannelRow>(),
  owners: new Map<string, OwnerRow>(),
  runs: new Map<string, RunRow>(),
  payouts: new Map<string, PayoutRow>(),
  statements: new Map<string, StatementRow>(),
  meta: new Map<string, string>(),
});
type Tables = ReturnType<typeof createTables>;

const readerOf = (tables: Tables): Reader => ({
  head: async () => (tables.journal.length === 0 ? EMPTY_HEAD : headAfter(tables.journal.at(-1)!)),
  channels: async (ids) => found(tables.channels, ids.map(toHex)),
  balances: async (accounts) => [...tables.balances.values()].filter((b) => accounts.includes(b.account)),
  owners: async (keys) => found(tables.owners, keys.map(toHex)),
  statements: async (ids) => found(tables.statements, ids.map(toHex)),
  runs: async (ids) => found(tables.runs, ids),
  meta: async (name) => tables.meta.get(name),
  rows: async (keys) => found(tables.rowsByKey, keys),
  journal: async (from, countMax) => tables.journal.slice(from, from + countMax),
  rowsUnder: async (prefix, countMax) =>
    [...tables.rowsByKey.values()]
      .filter((row) => row.key.startsWith(prefix))
      .sort((a, b) => byText(a.key, b.key))
      .slice(0, countMax),
  expired: async (expiryS, countMax) =>
    [...tables.channels.values()]
      .filter((channel) => !channel.closed && channel.expiryS <= expiryS)
      .sort((a, b) => a.expiryS - b.expiryS || compareBytes(a.id, b.id))
      .slice(0, countMax),
  allChannels: async (after, countMax) =>
    [...tables.channels.values()]
      .filter((channel) => after === null || compareBytes(channel.id, after) > 0)
      .sort((a, b) => compareBytes(a.id, b.id))
      .slice(0, countMax),
  balancesUnder: async (prefix, after, countMax) =>
    [...tables.balances.values()]
      .filter((b) => b.account.startsWith(prefix))
      .filter((b) => after === null || byAccount(b, after) > 0)
      .sort(byAccount)
      .slice(0, countMax),
  payouts: async (run) =>
    [...tables.payouts.values()].filter((payout) => payout.run === run).sort((a, b) => byText(a.id, b.id)),
});

/** Every check comes before the first write, so a refusal leaves nothing behind. */
const commit = (tables: Tables, changes: Changes): void => {
  const keys = new Set<string>();
  let length = tables.journal.length;
  for (const row of changes.journal ?? []) {
    if (row.index !== length++) throw new RangeError(`journal row ${row.index} after ${length - 1} rows`);
    if (tables.rowsByKey.has(row.key) || keys.has(row.key))
      throw new RangeError(`journal key ${row.key} again`);
    keys.add(row.key);
  }
  for (const row of changes.journal ?? []) {
    tables.journal.push(row);
    tables.rowsByKey.set(row.key, row);
  }
  for (const row of changes.balances ?? []) tables.balances.set(balanceKey(row.account, row.currency), row);
  for (const row of changes.channels ?? []) tables.channels.set(toHex(row.id), row);
  for (const row of changes.owners ?? []) tables.owners.set(toHex(row.key), row);
  for (const row of changes.runs ?? []) tables.runs.set(row.id, row);
  for (const row of changes.payouts ?? []) tables.payouts.set(row.id, row);
  for (const row of changes.statements ?? []) tables.statements.set(toHex(row.channel), row);
  for (const row of changes.meta ?? []) tables.meta.set(row.name, row.value);
};

export const openMemoryStore = (): Store => {
  const tables = createTables();
  const reader = readerOf(tables);
  const turns = takeTurns();
  let closed = false;
  const whileOpen = async <T>(work: () => Promise<T>) =>
    closed ? refuse('storage-failed', 'the store is closed') : ok(await work());
  return {
    transact: (work) =>
      turns(() =>
        whileOpen(async () => {
          const outcome = await work(reader);
          commit(tables, outcome.changes);
          return outcome.value;
        }),
      ),
    read: (work) => turns(() => whileOpen(() => work(reader))),
    check: async () => ok(null),
    close: async () => {
      closed = true;
    },
  };
};
