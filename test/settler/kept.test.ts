import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBook } from '../../broker/settler/ledger/book.ts';
import { createKept, type Kept } from '../../broker/settler/ledger/kept.ts';
import { depositAccount, eventFor } from '../../broker/settler/ledger/ledger.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Key } from '../../broker/settler/store/tables.ts';
import { must } from '../world/deal.ts';
import { claimRequest, crypto, evidenceFor, houseOver, openOf, openRequest, PAYER, UNIT } from './parties.ts';

const ACCOUNT = depositAccount(PAYER.key);
const WANTED: readonly Key[] = [
  [ACCOUNT, 'EUR'],
  ['bank/EUR', 'EUR'],
];

/** A store that counts the rows it is asked for, by table. */
const counting = (store: Store) => {
  const asked: Record<string, number> = {};
  const counted: Store = {
    ...store,
    transact: (work) =>
      store.transact((reader) =>
        work({
          ...reader,
          get: (table, keys) => {
            asked[table] = (asked[table] ?? 0) + keys.length;
            return reader.get(table, keys);
          },
        }),
      ),
  };
  return { asked, counted };
};

/** Books a deposit as one batch, and answers with what the account held before. */
const book = async (store: Store, kept: Kept, reference: string, nano: bigint): Promise<bigint> => {
  const done = await store.transact(async (reader) => {
    const book = await openBook(reader, { balance: WANTED }, 0, crypto.sha256, kept);
    const before = book.balanceNano(ACCOUNT, 'EUR');
    const event = { kind: 'deposit', currency: 'EUR', nano, subject: reference, owner: PAYER.key } as const;
    must(book.post(eventFor(event)));
    return { changes: book.changes(), value: { book, before } };
  });
  const { book: committed, before } = must(done);
  committed.keep();
  return before;
};

const kept = suite('kept rows');

kept('are not asked for again', async () => {
  const { asked, counted } = counting(openMemoryStore());
  const kept = createKept();
  assert.is(await book(counted, kept, 'R-1', 5n), 0n);
  assert.is(asked.balance, 2);
  assert.is(await book(counted, kept, 'R-2', 7n), 5n);
  assert.is(await book(counted, kept, 'R-3', 7n), 12n);
  assert.is(asked.balance, 2);
});

kept('are read anew where somebody else has booked', async () => {
  const store = openMemoryStore();
  const [one, other] = [createKept(), createKept()];
  assert.is(await book(store, one, 'R-1', 1n), 0n);
  assert.is(await book(store, other, 'R-2', 10n), 1n);
  assert.is(await book(store, one, 'R-3', 100n), 11n);
  assert.is(await book(store, one, 'R-4', 1000n), 111n);
  assert.is(await book(store, other, 'R-5', 1n), 1111n);
});

kept('are those of another database no more than those of another time', async () => {
  const kept = createKept();
  assert.is(await book(openMemoryStore(), kept, 'R-1', 1n), 0n);
  assert.is(await book(openMemoryStore(), kept, 'R-2', 1n), 0n);
});

kept('hold nothing that was not committed', async () => {
  const store = openMemoryStore();
  const kept = createKept();
  await book(store, kept, 'R-1', 1n);
  const failing: Store = {
    ...store,
    transact: (work) =>
      store.transact(async (reader) => {
        await work(reader);
        throw new Error('the disk is full');
      }),
  };
  try {
    await book(failing, kept, 'R-2', 10n);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /the disk is full/);
  }
  assert.is(await book(store, kept, 'R-3', 1n), 1n);
});

kept('are all that the second claim on a channel needs', async () => {
  const { asked, counted } = counting(openMemoryStore());
  const house = await houseOver(counted);
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  const before = { ...asked };
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 2, 2 * UNIT)), channel);
  assert.is(reply.receipt?.paidNano, 2 * UNIT);
  assert.equal({ ...asked, meta: 0 }, { ...before, meta: 0 });
  await house.deposit(1, 'BANK-2');
  await house.ask(claimRequest(channel, evidenceFor(channel, 3, 3 * UNIT)));
  assert.is(asked.channel, before.channel! + 1);
});

kept.run();
