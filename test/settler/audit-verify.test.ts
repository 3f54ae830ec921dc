import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Changes, Store } from '../../broker/settler/store/store.ts';
import { keyOfRow, keyText, TABLES, type TableName, type Tables } from '../../broker/settler/store/tables.ts';
import { must } from '../world/deal.ts';
import { liveAll, PAID } from './audit-life.ts';
import {
  agreedOf,
  crypto,
  houseOver,
  openOf,
  openRequest,
  START_S,
  statementRequest,
  UNIT,
} from './parties.ts';

const FOLDED = ['channel', 'budget', 'spending', 'line', 'consent', 'dispute', 'statement'] as const;

const verify = suite<{ store: Store }>('verifyStore');
verify.before.each(async (context) => {
  context.store = openMemoryStore();
  await liveAll(context.store);
});

/** What verification says after someone has written past the settler. */
const faultAfter = async (store: Store, put: Changes['put']): Promise<string> => {
  await store.transact(async () => ({ changes: { put: put! }, value: null }));
  const verified = await verifyStore(store, crypto.sha256);
  if (verified.ok) return '';
  assert.is(verified.code, 'journal-corrupt');
  return verified.detail;
};

const rowsOf = async <T extends TableName>(store: Store, table: T): Promise<readonly Tables[T][]> =>
  must(await store.read((reader) => reader.page(table, [], null, 1000)));

verify('accepts what the settler wrote, with every table in use', async ({ store }) => {
  const { rows, channels, snapshots, from } = must(await verifyStore(store, crypto.sha256));
  assert.equal([channels, snapshots, from], [3, 1, 0]);
  assert.ok(rows >= 23, `only ${rows} rows`);
  for (const table of FOLDED) assert.ok((await rowsOf(store, table)).length > 0, `${table} is empty`);
});

verify('names a balance that was written by hand, and that no row moved', async ({ store }) => {
  const balance = [{ account: 'earned/00', currency: 'EUR', nano: 5n }];
  assert.match(
    await faultAfter(store, { balance }),
    /^earned\/00 EUR is stored as 5 nano, the journal says 0/,
  );
});

/** The store without the rows of a table that `lost` says, as if somebody had deleted them. */
const without = (store: Store, table: TableName, lost: (key: string) => boolean): Store => ({
  ...store,
  read: (work) =>
    store.read((reader) => {
      const kept = <T extends TableName>(of: T, rows: readonly Tables[T][]): readonly Tables[T][] =>
        of === table ? rows.filter((row) => !lost(keyText(keyOfRow(of, row)))) : rows;
      return work({
        ...reader,
        get: async (of, keys) => kept(of, await reader.get(of, keys)),
        page: async (of, leading, after, countMax) =>
          kept(of, await reader.page(of, leading, after, countMax)),
      });
    }),
});

verify('names a row that was deleted, of whichever table', async ({ store }) => {
  for (const table of ['balance', ...FOLDED] as const) {
    for (const row of await rowsOf(store, table)) {
      if (table === 'balance' && (row as Tables['balance']).nano === 0n) continue;
      const key = keyText(keyOfRow(table, row));
      const verified = await verifyStore(
        without(store, table, (one) => one === key),
        crypto.sha256,
      );
      assert.is(verified.ok ? 'holds' : verified.code, 'journal-corrupt', `${table} ${key}`);
      assert.match(verified.ok ? '' : verified.detail, /is not stored|were granted, \d+ are stored/);
    }
  }
});

/** Another value of the same type. */
const other = (value: unknown): unknown => {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'bigint') return value + 1n;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}x`;
  return value === null ? new Uint8Array([1]) : (value as Uint8Array).map((byte) => byte ^ 1);
};

verify(
  'names the table, the key and the field, whichever field of whichever row is changed',
  async ({ store }) => {
    for (const table of FOLDED) {
      const { columns, keyColumns } = TABLES[table];
      for (const row of (await rowsOf(store, table)) as readonly Record<string, unknown>[]) {
        for (const { field } of columns.slice(keyColumns)) {
          const changed = { ...row, [field]: other(row[field]) } as never;
          const fault = await faultAfter(store, { [table]: [changed] });
          assert.match(fault, new RegExp(`^${table} .*: ${field} is stored as `), `${table}.${field}`);
        }
        assert.is(await faultAfter(store, { [table]: [row as never] }), '');
      }
    }
  },
);

verify('names a row that the journal knows nothing of, open or closed', async ({ store }) => {
  for (const table of FOLDED) {
    for (const row of ((await rowsOf(store, table)) as readonly Record<string, unknown>[]).slice(0, 1)) {
      const fresh = openMemoryStore();
      await liveAll(fresh);
      const [{ field } = { field: '' }] = TABLES[table].columns;
      const fault = await faultAfter(fresh, {
        [table]: [{ ...row, [field]: new Uint8Array(32).fill(9) } as never],
      });
      assert.match(
        fault,
        new RegExp(`^${table} 0909.*knows nothing of it|3 channels were granted, 4 are stored`),
      );
    }
  }
});

verify('names a journal row whose time is not its own, whatever stands there', async ({ store }) => {
  const { rows } = must(await verifyStore(store, crypto.sha256));
  for (const timeMs of [0, 2 ** 63]) {
    const changed: Store = {
      ...store,
      read: (work) =>
        store.read((reader) =>
          work({
            ...reader,
            journal: async (from, countMax) =>
              (await reader.journal(from, countMax)).map((row) =>
                row.index === rows - 2 ? { ...row, timeMs } : row,
              ),
          }),
        ),
    };
    const verified = await verifyStore(changed, crypto.sha256);
    assert.match(verified.ok ? '' : verified.detail, `row ${rows - 2}: its time is ${timeMs}`);
  }
});

verify('names a payout of another amount, owner or state than the journal knows', async ({ store }) => {
  const [payout] = await rowsOf(store, 'payout');
  const faultOf = (change: object) => faultAfter(store, { payout: [{ ...payout!, ...change }] });
  assert.is(await faultOf({}), '');
  assert.match(await faultOf({ nano: 10n * payout!.nano }), /^payout \w+ is stored as .*, the journal says/);
  assert.match(await faultOf({ owner: new Uint8Array(32) }), /^payout \w+ is stored with another owner/);
  for (const state of ['pending', 'voided', 'returned'])
    assert.match(await faultOf({ state }), `is stored as ${state}, the journal says posted`);
  await faultOf({});
  assert.match(
    await faultOf({ id: 'other' }),
    /^payout other is stored, and the journal knows nothing of it/,
  );
});

verify('names how many payouts are missing', async ({ store }) => {
  const without: Store = {
    ...store,
    read: (work) =>
      store.read((reader) =>
        work({
          ...reader,
          page: async (table, leading, after, countMax) =>
            table === 'payout' ? [] : reader.page(table, leading, after, countMax),
        }),
      ),
  };
  const verified = await verifyStore(without, crypto.sha256);
  assert.match(verified.ok ? '' : verified.detail, /^1 payouts and collections were made, 0 are stored/);
});

verify('names a row that is missing', async ({ store }) => {
  // A store that leaves the line out: nothing can be deleted through the port.
  const without: Store = {
    ...store,
    read: (work) =>
      store.read((reader) =>
        work({
          ...reader,
          page: async (table, leading, after, countMax) =>
            table === 'line' ? [] : reader.page(table, leading, after, countMax),
        }),
      ),
  };
  const verified = await verifyStore(without, crypto.sha256);
  assert.match(
    verified.ok ? '' : verified.detail,
    /^line [0-9a-f]{64} .* is not stored, and the journal knows it/,
  );
});

verify('compares the pages of snapshots, and begins at the newest where that is asked', async ({ store }) => {
  const whole = must(await verifyStore(store, crypto.sha256));
  const since = must(await verifyStore(store, crypto.sha256, { sinceSnapshot: true }));
  assert.equal([since.rows, since.hash], [whole.rows, whole.hash]);
  const [page] = await rowsOf(store, 'snapshot');
  assert.is(since.from, page!.index);
  const changed = { ...page!, bytes: page!.bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) };
  assert.match(await faultAfter(store, { snapshot: [changed] }), /^the 1 pages of snapshot \d+ are not/);
  const refused = await verifyStore(store, crypto.sha256, { sinceSnapshot: true });
  assert.is(refused.ok ? '' : refused.code, 'journal-corrupt');
  await store.transact(async () => ({ changes: { put: { snapshot: [page!] } }, value: null }));
  const balance = [{ account: 'earned/00', currency: 'EUR', nano: 5n }];
  await faultAfter(store, { balance });
  const unequal = await verifyStore(store, crypto.sha256, { sinceSnapshot: true });
  assert.match(unequal.ok ? '' : unequal.detail, /^earned\/00/);
});

verify(
  'lets closed channels go, and finds them again in the journal when something is said of them',
  async () => {
    const store = openMemoryStore();
    const house = await houseOver(store, { opensPerS: 1e6, claimsPerS: 1e6 });
    await house.deposit(1_000_000, 'R');
    // The channel closes in the first page of the replay; the statement comes pages later.
    await liveAll(store);
    const channels = Array.from({ length: 1100 }, (_, i) =>
      openOf({ nonce: 1000 + i, limitNano: UNIT, expiryS: START_S + 30 * 86_400 }),
    );
    await Promise.all(channels.map((channel) => house.ask(openRequest(channel))));
    await house.ask(statementRequest(agreedOf(PAID, 2 * UNIT + 3000, 5)));
    await house.settler.close();
    const verified = must(await verifyStore(store, crypto.sha256));
    assert.equal([verified.rows > 1100, verified.channels], [true, 1103]);
    assert.is(must(await auditStore(store, { crypto })).fault, null);
  },
);

verify.run();
