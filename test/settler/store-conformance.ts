/** What every store of the settler does. One suite; each implementation runs it on databases of its own. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EMPTY_HEAD, headAfter, nextRow } from '../../broker/settler/ledger/journal.ts';
import { eventFor, type LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import type { Changes, Reader, Store } from '../../broker/settler/store/store.ts';
import {
  type ChannelRow,
  keyOfRow,
  keyText,
  type PayoutRow,
  TABLE_NAMES,
  type Tables,
} from '../../broker/settler/store/tables.ts';
import { crypto } from './parties.ts';

/** A database that several stores may be opened on, as a restart or another process would. */
export type StoreUnderTest = {
  readonly open: () => Promise<Store>;
  /** Can what one store wrote be read by another opened later? */
  readonly durable: boolean;
  readonly remove: () => Promise<void>;
};

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);

const depositOf = (nano: bigint, reference: string): LedgerEvent =>
  eventFor({
    kind: 'deposit',
    currency: 'EUR',
    nano,
    subject: reference,
    owner: key(1),
    proof: new Uint8Array([1, 2, 3]),
  });

const rowsOf = (count: number) => {
  const rows = [];
  let head = EMPTY_HEAD;
  for (let i = 0; i < count; i++) {
    rows.push(nextRow(head, 1000 + i, depositOf(BigInt(i + 1), `r${i}`), crypto.sha256));
    head = headAfter(rows[i]!);
  }
  return rows;
};

const channelOf = (n: number, more: Partial<ChannelRow> = {}): ChannelRow => ({
  id: key(n),
  payer: key(1),
  payee: key(2),
  payerOwner: key(1),
  payeeOwner: key(3),
  currency: 'EUR',
  lease: key(9),
  limitNano: Number.MAX_SAFE_INTEGER,
  expiryS: 1000 + n,
  backing: 'deposit',
  grantedMs: 999,
  grant: new Uint8Array([n]),
  paidNano: 0,
  closed: false,
  bookedIndex: 0,
  voucher: null,
  index: 0,
  link: null,
  ...more,
});

const write = async (store: Store, changes: Changes): Promise<void> => {
  const written = await store.transact(async () => ({ changes, value: null }));
  assert.ok(written.ok, written.ok ? '' : written.detail);
};

const read = async <T>(store: Store, work: (reader: Reader) => Promise<T>): Promise<T> => {
  const result = await store.read(work);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};

const meta = async (store: Store, name: string): Promise<string | undefined> =>
  (await read(store, (reader) => reader.get('meta', [[name]])))[0]?.value;

/** A row of each table, with its largest and its empty values. */
const ROWS: Tables = {
  balance: { account: 'deposit/x', currency: 'EUR', nano: 2n ** 63n - 1n },
  channel: channelOf(3),
  budget: {
    device: key(4),
    owner: key(5),
    currency: 'EUR',
    version: 4294967295,
    totalNano: Number.MAX_SAFE_INTEGER,
    dayNano: 0,
    sellerNano: 1,
    expiryS: 0,
    bytes: new Uint8Array(0),
    bookedIndex: 1,
  },
  spending: { device: key(4), scope: 'day/2026-11-20', nano: 2n ** 62n },
  line: {
    creditor: key(6),
    debtor: key(7),
    currency: 'EUR',
    version: 1,
    limitNano: 5,
    expiryS: 9,
    bytes: new Uint8Array([1]),
    bookedIndex: 0,
  },
  consent: {
    owner: key(6),
    currency: 'USD',
    version: 1,
    counterpartyNano: 7,
    expiryS: 0,
    bytes: new Uint8Array([2]),
    bookedIndex: 0,
  },
  dispute: {
    channel: key(3),
    party: key(1),
    version: 2,
    open: true,
    sinceMs: 8,
    bytes: new Uint8Array([3]),
    resolution: null,
    bookedIndex: 0,
  },
  statement: { channel: key(3), presentedMs: 77, bytes: new Uint8Array([9]) },
  snapshot: { index: 5, part: 0, bytes: new Uint8Array(70_000).fill(7) },
  clearing: { id: 'c-1', currency: 'EUR', frozenIndex: 5, createdMs: 6, report: '{"a":"ä"}' },
  owner: {
    key: key(1),
    scheme: 'sepa',
    name: 'Ann Ötker',
    bank: 'sepa:DE75512108001245126199:',
    holder: 'company',
  },
  mandate: { owner: key(1), id: 'M-1', signedDate: '2026-11-20', collections: 0 },
  run: {
    id: '2026-11-20-1',
    kind: 'payout',
    createdMs: 5,
    executionDate: '2026-11-23',
    currency: 'EUR',
    name: 'S',
    bank: 'sepa:X:Y',
    sender: '{"creditorId":"DE98ZZZ09999999999"}',
    over: true,
  },
  payout: {
    id: 'p1',
    run: '2026-11-20-1',
    owner: key(1),
    currency: 'EUR',
    nano: 10n,
    name: 'A',
    bank: 'sepa:I:',
    holder: 'person',
    mandate: 'FRST 2026-11-20 M-1',
    state: 'pending',
    reason: null,
    changedMs: 5,
  },
  trace: { trace: '091000010000001', payout: 'p1' },
  reference: { reference: 'TB0123456789ABCDEF', owner: key(1) },
  gap: { channel: key(3), paidNano: 4, journalIndex: 5, bytes: new Uint8Array([6]) },
  meta: { name: 'settler', value: 'ab' },
};

export const storeConformance = (name: string, create: () => Promise<StoreUnderTest>): void => {
  const conforms = suite<{ database: StoreUnderTest; store: Store }>(`store on ${name}`);
  conforms.before.each(async (context) => {
    context.database = await create();
    context.store = await context.database.open();
  });
  conforms.after.each(async ({ database, store }) => {
    await store.close();
    await database.remove();
  });

  conforms('is empty at first', async ({ store }) => {
    assert.equal(await read(store, (reader) => reader.head()), EMPTY_HEAD);
    assert.equal(await read(store, (reader) => reader.journal(0, 10)), []);
    assert.equal(await read(store, (reader) => reader.get('channel', [[key(1)]])), []);
    assert.equal(await read(store, (reader) => reader.get('meta', [['settler']])), []);
  });

  conforms('keeps 64-bit amounts exact', async ({ store }) => {
    const exact = [9007199254740993n, 2n ** 63n - 1n, 0n, 1n];
    const balances = exact.map((nano, i) => ({ account: `deposit/${i}`, currency: 'EUR', nano }));
    const bank = { account: 'bank/EUR', currency: 'EUR', nano: -(2n ** 63n - 1n) };
    await write(store, { put: { balance: [...balances, bank] } });
    assert.equal(
      await read(store, (r) =>
        r.get(
          'balance',
          balances.map((b) => [b.account, 'EUR']),
        ),
      ),
      balances,
    );
    assert.equal(await read(store, (r) => r.get('balance', [['bank/EUR', 'EUR']])), [bank]);
  });

  conforms('gives back every row as it was written', async ({ store }) => {
    const [first, second] = rowsOf(2);
    const full = channelOf(3, {
      closed: true,
      paidNano: 5,
      bookedIndex: 1,
      voucher: new Uint8Array([7, 8]),
      index: 1024,
      link: new Uint8Array(16).fill(4),
    });
    const journal = [first!, second!];
    const rows = { ...ROWS, channel: full };
    const put = Object.fromEntries(TABLE_NAMES.map((table) => [table, [rows[table]]]));
    await write(store, { journal, put });
    assert.equal(await read(store, (r) => r.journal(0, 10)), [first, second]);
    assert.equal(await read(store, (r) => r.journal(1, 10)), [second]);
    assert.equal(await read(store, (r) => r.head()), headAfter(second!));
    assert.equal(await read(store, (r) => r.rows(['deposit/r1', 'deposit/none'])), [second]);
    assert.equal(await read(store, (r) => r.payoutsOf(ROWS.payout.run)), [ROWS.payout]);
    for (const table of TABLE_NAMES) {
      const own = keyOfRow(table, rows[table]);
      const none = own.map((value) =>
        value instanceof Uint8Array ? key(77) : typeof value === 'string' ? `${value}-none` : value + 7,
      );
      assert.equal(await read(store, (r) => r.get(table, [none, own])), [rows[table]], table);
      const stored = await read(store, (r) => r.page(table, own.slice(0, 1), null, 10));
      assert.ok(stored.some((row) => keyText(keyOfRow(table, row)) === keyText(own)));
      assert.equal(await read(store, (r) => r.page(table, none.slice(0, 1), null, 10)), []);
    }
  });

  conforms('writes every column again, and null', async ({ store }) => {
    const [first] = rowsOf(1);
    await write(store, { journal: [first!], put: { dispute: [ROWS.dispute], payout: [ROWS.payout] } });
    const dispute = {
      ...ROWS.dispute,
      version: 9,
      open: false,
      resolution: 'withdrawn' as const,
      bookedIndex: 4,
    };
    const payout: PayoutRow = { ...ROWS.payout, state: 'returned', reason: 'AC04', changedMs: 9 };
    await write(store, { put: { dispute: [dispute], payout: [payout] } });
    assert.equal(await read(store, (r) => r.get('dispute', [[key(3), key(1)]])), [dispute]);
    assert.equal(await read(store, (r) => r.get('payout', [['p1']])), [payout]);
    await write(store, { put: { payout: [ROWS.payout] } });
    assert.equal(await read(store, (r) => r.get('payout', [['p1']])), [ROWS.payout]);
  });

  conforms('replaces rows with the same key, except in the journal', async ({ store }) => {
    const [first, second] = rowsOf(2);
    await write(store, { journal: [first!], put: { channel: [channelOf(3)] } });
    const balanceOf = (nano: bigint) => ({ account: 'deposit/a', currency: 'EUR', nano });
    await write(store, { put: { channel: [channelOf(3, { paidNano: 9 })], balance: [balanceOf(1n)] } });
    await write(store, { put: { balance: [balanceOf(2n)] } });
    assert.is((await read(store, (r) => r.get('channel', [[key(3)]])))[0]?.paidNano, 9);
    assert.equal(await read(store, (r) => r.get('balance', [['deposit/a', 'EUR']])), [balanceOf(2n)]);
    for (const again of [first!, { ...second!, key: first!.key }]) {
      const outcome = await store
        .transact(async () => ({
          changes: { journal: [again], put: { meta: [{ name: 'x', value: 'y' }] } },
          value: null,
        }))
        .catch((error: unknown) => ({ ok: false, error }));
      assert.is(outcome.ok, false);
    }
    assert.is(await meta(store, 'x'), undefined, 'the rest of the transaction is gone as well');
  });

  conforms('pages through channels, balances and journal keys in order', async ({ store }) => {
    const journal = rowsOf(12);
    const channels = [5, 3, 4].map((n) => channelOf(n));
    const balances = ['b/1', 'b/2', 'c/1'].flatMap((account) =>
      ['EUR', 'USD'].map((currency) => ({ account, currency, nano: 1n })),
    );
    await write(store, { journal, put: { channel: channels, balance: balances } });
    const ids = async (after: number | null, countMax: number) => {
      const row = after === null ? null : channelOf(after);
      return (await read(store, (r) => r.page('channel', [], row, countMax))).map((channel) => channel.id[0]);
    };
    assert.equal(await ids(null, 2), [3, 4]);
    assert.equal(await ids(4, 2), [5]);
    assert.equal(await read(store, (r) => r.page('balance', ['b/2'], null, 9)), balances.slice(2, 4));
    assert.equal(await read(store, (r) => r.page('balance', ['b/2'], balances[2]!, 9)), [balances[3]]);
    assert.equal(await read(store, (r) => r.balancesUnder('b/', null, 3)), balances.slice(0, 3));
    assert.equal(await read(store, (r) => r.balancesUnder('b/', balances[2]!, 3)), [balances[3]]);
    assert.equal(await read(store, (r) => r.balancesUnder('', balances[3]!, 9)), balances.slice(4));
    const keys = (await read(store, (r) => r.rowsUnder('deposit/r1', 9))).map((row) => row.key);
    assert.equal(keys, ['deposit/r1', 'deposit/r10', 'deposit/r11']);
    assert.is((await read(store, (r) => r.rowsUnder('deposit/r1', 2))).length, 2);
  });

  conforms('finds open channels by expiry, the earliest first', async ({ store }) => {
    const [journal] = rowsOf(1);
    const channels = [channelOf(5), channelOf(3), channelOf(4, { closed: true }), channelOf(9)];
    await write(store, { journal: [journal!], put: { channel: channels } });
    const found = await read(store, (r) => r.expired(1005, 10));
    assert.equal(
      found.map((channel) => channel.id[0]),
      [3, 5],
    );
    assert.is((await read(store, (r) => r.expired(1005, 1))).length, 1);
  });

  conforms('writes nothing where the work throws, and says what it threw', async ({ store }) => {
    const fault = new Error('ours');
    const thrown = await store
      .transact(async () => {
        throw fault;
      })
      .catch((error: unknown) => error);
    assert.is(thrown, fault);
    await write(store, { put: { meta: [{ name: 'after', value: '1' }] } });
    assert.is(await meta(store, 'after'), '1');
  });

  conforms('shows each transaction what the one before wrote', async ({ store }) => {
    const count = () =>
      store.transact(async (reader) => {
        const value = Number((await reader.get('meta', [['n']]))[0]?.value ?? '0') + 1;
        return { changes: { put: { meta: [{ name: 'n', value: String(value) }] } }, value };
      });
    const counted = await Promise.all(Array.from({ length: 20 }, count));
    assert.equal(
      counted.map((result) => (result.ok ? result.value : result.code)),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  conforms('does not show a reader what is not committed', async ({ store }) => {
    let duringWork: string | undefined = 'unread';
    const reading: Promise<unknown>[] = [];
    await store.transact(async () => {
      reading.push(meta(store, 'half').then((value) => (duringWork = value)));
      await Promise.resolve();
      return { changes: { put: { meta: [{ name: 'other', value: '1' }] } }, value: null };
    });
    await Promise.all(reading);
    assert.is(duringWork, undefined);
  });

  conforms('refuses everything once closed, and closes twice', async ({ store }) => {
    await store.close();
    await store.close();
    const refused = await store.transact(async () => ({ changes: {}, value: null }));
    assert.is(refused.ok ? '' : refused.code, 'storage-failed');
    const unread = await store.read(async () => null);
    assert.is(unread.ok ? '' : unread.code, 'storage-failed');
  });

  conforms('finds a sound database sound', async ({ store }) => {
    assert.equal(await store.check(), { ok: true, value: null });
  });

  conforms('keeps what it answered when it is opened again', async ({ database, store }) => {
    if (!database.durable) return;
    await write(store, { put: { meta: [{ name: 'kept', value: '1' }] } });
    await store.close();
    const again = await database.open();
    assert.is(await meta(again, 'kept'), '1');
    await again.close();
  });

  conforms('lets two stores on one database take turns', async ({ database, store }) => {
    if (!database.durable) return;
    const other = await database.open();
    const add = (target: Store) =>
      target.transact(async (reader) => {
        const value = Number((await reader.get('meta', [['n']]))[0]?.value ?? '0') + 1;
        return { changes: { put: { meta: [{ name: 'n', value: String(value) }] } }, value };
      });
    for (let i = 0; i < 10; i++) {
      await add(store);
      await add(other);
    }
    assert.is(await meta(store, 'n'), '20');
    await other.close();
  });

  conforms.run();
};
