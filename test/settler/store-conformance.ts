/** What every store of the settler does. One suite; each implementation runs it on databases of its own. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EMPTY_HEAD, headAfter, nextRow } from '../../broker/settler/ledger/journal.ts';
import type { LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import type {
  Changes,
  ChannelRow,
  PayoutRow,
  Reader,
  RunRow,
  Store,
} from '../../broker/settler/store/store.ts';
import { crypto } from './parties.ts';

/** A database that several stores may be opened on, as a restart or another process would. */
export type StoreUnderTest = {
  readonly open: () => Promise<Store>;
  /** Can what one store wrote be read by another opened later? */
  readonly durable: boolean;
  readonly remove: () => Promise<void>;
};

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);

const depositOf = (nano: bigint, reference: string): LedgerEvent => ({
  kind: 'deposit',
  currency: 'EUR',
  nano,
  subject: reference,
  owner: key(1),
  totalNano: 0n,
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
  currency: 'EUR',
  lease: key(9),
  limitNano: Number.MAX_SAFE_INTEGER,
  expiryS: 1000 + n,
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
    assert.equal(await read(store, (reader) => reader.channels([key(1)])), []);
    assert.is(await read(store, (reader) => reader.meta('settler')), undefined);
  });

  conforms('keeps 64-bit amounts exact', async ({ store }) => {
    const exact = [9007199254740993n, 2n ** 63n - 1n, 0n, 1n];
    const balances = exact.map((nano, i) => ({ account: `deposit/${i}`, currency: 'EUR', nano }));
    const bank = { account: 'bank/EUR', currency: 'EUR', nano: -(2n ** 63n - 1n) };
    await write(store, { balances: [...balances, bank] });
    assert.equal(await read(store, (r) => r.balances(balances.map((b) => b.account))), balances);
    assert.equal(await read(store, (r) => r.balances(['bank/EUR'])), [bank]);
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
    const owner = { key: key(1), name: 'Ann Ötker', iban: 'DE75512108001245126199', bic: null };
    const run: RunRow = {
      id: '2026-11-20-1',
      createdMs: 5,
      executionDate: '2026-11-23',
      currency: 'EUR',
      name: 'S',
      iban: 'X',
      bic: 'Y',
    };
    const payout: PayoutRow = {
      id: 'p1',
      run: run.id,
      owner: key(1),
      currency: 'EUR',
      nano: 10n,
      name: 'A',
      iban: 'I',
      bic: null,
      state: 'pending',
    };
    const statement = { channel: full.id, presentedMs: 77, bytes: new Uint8Array([9]) };
    await write(store, {
      journal: [first!, second!],
      channels: [full],
      owners: [owner],
      runs: [run],
      payouts: [payout],
      statements: [statement],
      meta: [{ name: 'settler', value: 'ab' }],
    });
    assert.equal(await read(store, (r) => r.journal(0, 10)), [first, second]);
    assert.equal(await read(store, (r) => r.journal(1, 10)), [second]);
    assert.equal(await read(store, (r) => r.head()), headAfter(second!));
    assert.equal(await read(store, (r) => r.rows(['deposit/r1', 'deposit/none'])), [second]);
    assert.equal(await read(store, (r) => r.channels([key(3), key(4)])), [full]);
    assert.equal(await read(store, (r) => r.owners([key(1), key(2)])), [owner]);
    assert.equal(await read(store, (r) => r.runs([run.id])), [run]);
    assert.equal(await read(store, (r) => r.payouts(run.id)), [payout]);
    assert.equal(await read(store, (r) => r.statements([full.id])), [statement]);
    assert.is(await read(store, (r) => r.meta('settler')), 'ab');
  });

  conforms('replaces rows with the same key, except in the journal', async ({ store }) => {
    const [first, second] = rowsOf(2);
    await write(store, { journal: [first!], channels: [channelOf(3)] });
    await write(store, {
      channels: [channelOf(3, { paidNano: 9 })],
      balances: [{ account: 'deposit/a', currency: 'EUR', nano: 1n }],
    });
    await write(store, { balances: [{ account: 'deposit/a', currency: 'EUR', nano: 2n }] });
    assert.is((await read(store, (r) => r.channels([key(3)])))[0]?.paidNano, 9);
    assert.equal(
      (await read(store, (r) => r.balances(['deposit/a']))).map((b) => b.nano),
      [2n],
    );
    for (const again of [first!, { ...second!, key: first!.key }]) {
      const outcome = await store
        .transact(async () => ({
          changes: { journal: [again], meta: [{ name: 'x', value: 'y' }] },
          value: null,
        }))
        .catch((error: unknown) => ({ ok: false, error }));
      assert.is(outcome.ok, false);
    }
    assert.is(
      await read(store, (r) => r.meta('x')),
      undefined,
      'the rest of the transaction is gone as well',
    );
  });

  conforms('pages through channels, balances and journal keys in order', async ({ store }) => {
    const journal = rowsOf(12);
    const channels = [5, 3, 4].map((n) => channelOf(n));
    const balances = ['b/1', 'b/2', 'c/1'].flatMap((account) =>
      ['EUR', 'USD'].map((currency) => ({ account, currency, nano: 1n })),
    );
    await write(store, { journal, channels, balances });
    const ids = async (after: Uint8Array | null, countMax: number) =>
      (await read(store, (r) => r.allChannels(after, countMax))).map((channel) => channel.id[0]);
    assert.equal(await ids(null, 2), [3, 4]);
    assert.equal(await ids(key(4), 2), [5]);
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
    await write(store, { journal: [journal!], channels });
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
    await write(store, { meta: [{ name: 'after', value: '1' }] });
    assert.is(await read(store, (r) => r.meta('after')), '1');
  });

  conforms('shows each transaction what the one before wrote', async ({ store }) => {
    const count = () =>
      store.transact(async (reader) => {
        const value = Number((await reader.meta('n')) ?? '0') + 1;
        return { changes: { meta: [{ name: 'n', value: String(value) }] }, value };
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
      reading.push(read(store, (r) => r.meta('half')).then((value) => (duringWork = value)));
      await Promise.resolve();
      return { changes: { meta: [{ name: 'other', value: '1' }] }, value: null };
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
    await write(store, { meta: [{ name: 'kept', value: '1' }] });
    await store.close();
    const again = await database.open();
    assert.is(await read(again, (r) => r.meta('kept')), '1');
    await again.close();
  });

  conforms('lets two stores on one database take turns', async ({ database, store }) => {
    if (!database.durable) return;
    const other = await database.open();
    const add = (target: Store) =>
      target.transact(async (reader) => {
        const value = Number((await reader.meta('n')) ?? '0') + 1;
        return { changes: { meta: [{ name: 'n', value: String(value) }] }, value };
      });
    for (let i = 0; i < 10; i++) {
      await add(store);
      await add(other);
    }
    assert.is(await read(store, (r) => r.meta('n')), '20');
    await other.close();
  });

  conforms.run();
};
