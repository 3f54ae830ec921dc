/** The store in memory: for tests and for simulations. Durable as long as the process. */

import { compareBytes, toHex } from '../../schemas/bytes.ts';
import { ok, refuse } from '../../schemas/result.ts';
import { balanceKey, EMPTY_HEAD, headAfter, type JournalRow } from './journal.ts';
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

export const openMemoryStore = (): Store => {
  const journal: JournalRow[] = [];
  const rowsByKey = new Map<string, JournalRow>();
  const balances = new Map<string, Balance>();
  const channels = new Map<string, ChannelRow>();
  const owners = new Map<string, OwnerRow>();
  const runs = new Map<string, RunRow>();
  const payouts = new Map<string, PayoutRow>();
  const statements = new Map<string, StatementRow>();
  const meta = new Map<string, string>();
  const turns = takeTurns();

  const reader: Reader = {
    head: async () => (journal.length === 0 ? EMPTY_HEAD : headAfter(journal.at(-1)!)),
    channels: async (ids) => found(channels, ids.map(toHex)),
    balances: async (accounts) => [...balances.values()].filter((b) => accounts.includes(b.account)),
    owners: async (keys) => found(owners, keys.map(toHex)),
    statements: async (ids) => found(statements, ids.map(toHex)),
    runs: async (ids) => found(runs, ids),
    meta: async (name) => meta.get(name),
    rows: async (keys) => found(rowsByKey, keys),
    journal: async (from, countMax) => journal.slice(from, from + countMax),
    rowsUnder: async (prefix, countMax) =>
      [...rowsByKey.values()]
        .filter((row) => row.key.startsWith(prefix))
        .sort((a, b) => byText(a.key, b.key))
        .slice(0, countMax),
    expired: async (expiryS, countMax) =>
      [...channels.values()]
        .filter((channel) => !channel.closed && channel.expiryS <= expiryS)
        .sort((a, b) => a.expiryS - b.expiryS || compareBytes(a.id, b.id))
        .slice(0, countMax),
    allChannels: async (after, countMax) =>
      [...channels.values()]
        .filter((channel) => after === null || compareBytes(channel.id, after) > 0)
        .sort((a, b) => compareBytes(a.id, b.id))
        .slice(0, countMax),
    balancesUnder: async (prefix, after, countMax) =>
      [...balances.values()]
        .filter((b) => b.account.startsWith(prefix))
        .filter((b) => after === null || order(b, after) > 0)
        .sort(order)
        .slice(0, countMax),
    payouts: async (run) =>
      [...payouts.values()].filter((payout) => payout.run === run).sort((a, b) => byText(a.id, b.id)),
  };
  const order = (a: Balance, b: Balance): number =>
    byText(a.account, b.account) || byText(a.currency, b.currency);

  /** Every check comes before the first write, so a refusal leaves nothing behind. */
  const commit = (changes: Changes): void => {
    const keys = new Set<string>();
    let length = journal.length;
    for (const row of changes.journal ?? []) {
      if (row.index !== length++) throw new RangeError(`journal row ${row.index} after ${length - 1} rows`);
      if (rowsByKey.has(row.key) || keys.has(row.key)) throw new RangeError(`journal key ${row.key} again`);
      keys.add(row.key);
    }
    for (const row of changes.journal ?? []) {
      journal.push(row);
      rowsByKey.set(row.key, row);
    }
    for (const row of changes.balances ?? []) balances.set(balanceKey(row.account, row.currency), row);
    for (const row of changes.channels ?? []) channels.set(toHex(row.id), row);
    for (const row of changes.owners ?? []) owners.set(toHex(row.key), row);
    for (const row of changes.runs ?? []) runs.set(row.id, row);
    for (const row of changes.payouts ?? []) payouts.set(row.id, row);
    for (const row of changes.statements ?? []) statements.set(toHex(row.channel), row);
    for (const row of changes.meta ?? []) meta.set(row.name, row.value);
  };

  let closed = false;
  const whileOpen = async <T>(work: () => Promise<T>) =>
    closed ? refuse('storage-failed', 'the store is closed') : ok(await work());
  return {
    transact: (work) =>
      turns(() =>
        whileOpen(async () => {
          const outcome = await work(reader);
          commit(outcome.changes);
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
