/** The store in memory: for tests and for simulations. Durable as long as the process. */

import { compareBytes } from '../../../schemas/bytes.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import { EMPTY_HEAD, headAfter, type JournalRow } from '../ledger/journal.ts';
import type { Changes, Reader, Store } from './store.ts';
import {
  type Key,
  type KeyValue,
  keyOfRow,
  keyText,
  TABLE_NAMES,
  type TableName,
  type Tables,
} from './tables.ts';
import { takeTurns } from './turns.ts';

type Rows = { readonly [T in TableName]: Map<string, Tables[T]> };
type State = {
  readonly journal: JournalRow[];
  readonly rowsByKey: Map<string, JournalRow>;
  readonly tables: Rows;
};

const compareValues = (a: KeyValue, b: KeyValue): number => {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
};

const compareKeys = (a: Key, b: Key): number => {
  for (let i = 0; i < a.length; i++) {
    const order = compareValues(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
};

const beginsWith = (key: Key, leading: Key): boolean =>
  leading.every((value, i) => compareValues(value, key[i]!) === 0);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const readerOf = ({ journal, rowsByKey, tables }: State): Reader => {
  const found = <T extends TableName>(
    table: T,
    after: Tables[T] | null,
    countMax: number,
    wanted: (key: Key) => boolean,
  ): Tables[T][] => {
    const from = after === null ? null : keyOfRow(table, after);
    return [...tables[table].values()]
      .map((row) => ({ row, key: keyOfRow(table, row) }))
      .filter(({ key }) => wanted(key) && (from === null || compareKeys(key, from) > 0))
      .sort((a, b) => compareKeys(a.key, b.key))
      .slice(0, countMax)
      .map(({ row }) => row);
  };
  return {
    head: async () => (journal.length === 0 ? EMPTY_HEAD : headAfter(journal.at(-1)!)),
    get: async (table, keys) => keys.flatMap((key) => tables[table].get(keyText(key)) ?? []),
    page: async (table, leading, after, countMax) =>
      found(table, after, countMax, (key) => beginsWith(key, leading)),
    balancesUnder: async (prefix, after, countMax) =>
      found('balance', after, countMax, ([account]) => (account as string).startsWith(prefix)),
    rows: async (keys) => keys.flatMap((key) => rowsByKey.get(key) ?? []),
    journal: async (from, countMax) => journal.slice(from, from + countMax),
    rowsUnder: async (prefix, countMax) =>
      [...rowsByKey.values()]
        .filter((row) => row.key.startsWith(prefix))
        .sort((a, b) => byText(a.key, b.key))
        .slice(0, countMax),
    expired: async (expiryS, countMax) =>
      [...tables.channel.values()]
        .filter((channel) => !channel.closed && channel.expiryS <= expiryS)
        .sort((a, b) => a.expiryS - b.expiryS || compareBytes(a.id, b.id))
        .slice(0, countMax),
    payoutsOf: async (run) =>
      [...tables.payout.values()].filter((payout) => payout.run === run).sort((a, b) => byText(a.id, b.id)),
  };
};

/** Every check comes before the first write, so a refusal leaves nothing behind. */
const commit = ({ journal, rowsByKey, tables }: State, changes: Changes): void => {
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
  const write = <T extends TableName>(table: T): void => {
    for (const row of changes.put?.[table] ?? []) tables[table].set(keyText(keyOfRow(table, row)), row);
  };
  for (const table of TABLE_NAMES) write(table);
};

export const openMemoryStore = (): Store => {
  const tables = Object.fromEntries(TABLE_NAMES.map((table) => [table, new Map()])) as unknown as Rows;
  const state: State = { journal: [], rowsByKey: new Map(), tables };
  const reader = readerOf(state);
  const turns = takeTurns();
  let closed = false;
  const whileOpen = async <T>(work: () => Promise<T>) =>
    closed ? refuse('storage-failed', 'the store is closed') : ok(await work());
  return {
    transact: (work) =>
      turns(() =>
        whileOpen(async () => {
          const outcome = await work(reader);
          commit(state, outcome.changes);
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
