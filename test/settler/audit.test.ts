import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Changes, Store } from '../../broker/settler/store/store.ts';
import type { ChannelRow } from '../../broker/settler/store/tables.ts';
import { claimRequest, crypto, evidenceFor, houseOver, openOf, openRequest, UNIT } from './parties.ts';

const audit = suite<{ store: Store; channel: ChannelRow }>('verifyStore');

audit.before.each(async (context) => {
  context.store = openMemoryStore();
  const house = await houseOver(context.store);
  await house.deposit(10, 'R');
  const opened = openOf();
  await house.ask(openRequest(opened));
  await house.ask(claimRequest(opened, evidenceFor(opened, 1, UNIT)));
  await house.settler.close();
  const read = await context.store.read((reader) => reader.get('channel', [[opened.id]]));
  if (!read.ok) throw new Error(read.detail);
  context.channel = read.value[0]!;
});

/** What verification says after someone has written past the settler. */
const faultAfter = async (store: Store, changes: Changes): Promise<string> => {
  await store.transact(async () => ({ changes, value: null }));
  const verified = await verifyStore(store, crypto.sha256);
  if (verified.ok) return '';
  assert.is(verified.code, 'journal-corrupt');
  return verified.detail;
};

audit('accepts what the settler wrote', async ({ store }) => {
  const verified = await verifyStore(store, crypto.sha256);
  assert.equal(verified.ok && [verified.value.rows, verified.value.channels], [3, 1]);
});

audit('names a balance that was written by hand', async ({ store }) => {
  const balances = [{ account: 'earned/00', currency: 'EUR', nano: 5n }];
  assert.match(
    await faultAfter(store, { put: { balance: balances } }),
    /^earned\/00 EUR is stored as 5 nano/,
  );
});

audit('names a channel that says other than the journal', async ({ store, channel }) => {
  for (const [change, fault] of [
    [{ paidNano: UNIT + 1 }, /it has paid 1000000000 nano in the journal/],
    [{ limitNano: 6 * UNIT }, /its limit is 5000000000 nano in the journal/],
    [{ closed: true }, /it is open in the journal/],
    [{ bookedIndex: 1 }, /its last row in the journal is 2/],
  ] as const) {
    assert.match(await faultAfter(store, { put: { channel: [{ ...channel, ...change }] } }), fault);
  }
});

audit('notices a channel that nobody was granted', async ({ store, channel }) => {
  const id = new Uint8Array(32).fill(9);
  assert.match(await faultAfter(store, { put: { channel: [{ ...channel, id }] } }), /knows no grant of it/);
});

audit.run();
