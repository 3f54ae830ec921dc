/** Robberies by an older copy: the journal of one side, or both, is put back to every record it ever had. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dealOf } from '../world/deal.ts';
import { differenceIn } from '../world/ending.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P, type Party, type WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SCRIPT: WorldOptions = { seed: 1, readings: 24, periodMs: 7, ticks: 4 };

const after = async (ms: number): Promise<World> => {
  const world = new World(SCRIPT);
  await world.begin();
  for (let i = 0; i < ms; i++) await world.tick();
  return world;
};

const putBackAt = async (ms: number, parties: readonly Party[], records: number): Promise<World> => {
  const world = await after(ms);
  for (const party of parties) world.putBack(party, records);
  await world.run(20_000);
  return world;
};

const copies = suite('an older copy');

for (const [who, parties] of [
  ['the seller’s', ['seller']],
  ['the buyer’s', ['buyer']],
  ['both sides’', ['seller', 'buyer']],
] as const) {
  copies(`of ${who} journal, as of any record: no number used twice, nothing paid twice`, async () => {
    for (const ms of [60, 120, 170]) {
      const { disks } = await after(ms);
      const length = Math.max(...parties.map((party) => disks[party].length));
      assert.ok(length > 12);
      for (let records = 1; records < length; records++) {
        const world = await putBackAt(ms, parties, records);
        assert.is(differenceIn(world), null, `${records} of ${length} records at ${ms} ms`);
      }
    }
  });
}

copies(
  'of a seller from before the lease: the buyer pays nothing more, and what was claimed stays',
  async () => {
    const world = await after(120);
    const { releasedNano } = world.wire;
    world.putBack('seller', 0);
    await world.run(20_000);
    assert.is(world.wire.releasedNano, releasedNano);
    assert.is(world.sale, null);
  },
);

copies(
  'of a buyer from before the lease: nothing is paid twice, and the seller claims what it has',
  async () => {
    const world = await after(120);
    const { releasedNano } = world.wire;
    world.putBack('buyer', 0);
    await world.run(20_000);
    assert.is(world.wire.releasedNano, releasedNano);
    assert.is(world.sale!.claimedNano, releasedNano);
  },
);

copies('put back again and again: zero differences', async () => {
  const world = await after(60);
  for (let i = 0; i < 12; i++) {
    world.putBack('seller', Math.max(2, world.disks.seller.length - 6));
    world.putBack('buyer', Math.max(2, world.disks.buyer.length - 6));
    for (let ms = 0; ms < 9; ms++) await world.tick();
  }
  await world.run(20_000);
  assert.is(differenceIn(world), null);
});

copies.run();

/** Readings are produced and paid one by one. */
const sellTo = (lone: LoneSale, from: number, to: number): void => {
  for (let i = from; i <= to; i++) {
    lone.produce(1);
    lone.hear(lone.payer.tick(1, i));
    lone.sync();
  }
};
const answer = (lone: LoneSale, highest: number, head = new Uint8Array(32)): void => {
  const nonce = lone.controls('resync').at(-1)!.parts[0];
  lone.control({ kind: 'resynced', parts: [nonce, null, null, highest, head] });
};

const liars = suite('a liar who meets an older copy');

liars('a seller from an older copy delivers nothing before the buyer answered its own question', () => {
  const lone = LoneSale.selling(dealOf(), 0);
  sellTo(lone, 1, 5);
  const copy = lone.records.length;
  sellTo(lone, 6, 9);
  lone.clear();
  lone.restart(copy);
  const old = [new Uint8Array(8), null, null, 2, lone.deal.lease.id] as const;
  lone.control({ kind: 'resync', parts: old });
  lone.control({ kind: 'resynced', parts: old });
  lone.control({ kind: 'nak', parts: [3] });
  lone.produce(5);
  assert.equal(lone.delivered, []);
  answer(lone, 9);
  assert.equal(lone.delivered, [10], 'and then goes on behind what the buyer holds');
});

liars('readings that came in meanwhile keep their place and are not lost', () => {
  const lone = LoneSale.selling(dealOf(), 0, { paidBeforeNano: 100 * P });
  sellTo(lone, 1, 5);
  const copy = lone.records.length;
  sellTo(lone, 6, 9);
  lone.clear();
  lone.restart(copy);
  lone.produce(4);
  answer(lone, 9);
  assert.equal(lone.delivered, [10, 11, 12, 13]);
});

liars('a buyer that claims to hold more than there is, is delivered nothing for it', () => {
  for (const highest of [20, 999, 1000]) {
    const lone = LoneSale.selling(dealOf(), 0);
    sellTo(lone, 1, 5);
    lone.clear();
    lone.restart();
    answer(lone, highest);
    lone.produce(9);
    assert.equal(lone.delivered, [], `at ${highest}`);
    assert.is(lone.sale.verifiedNano, 5 * P);
  }
});

liars('a buyer that claims to hold more than the lease sells is not believed', () => {
  const lone = LoneSale.selling(dealOf({ readingsMax: 100 }), 0);
  sellTo(lone, 1, 5);
  lone.clear();
  lone.restart();
  answer(lone, 101);
  lone.produce(1);
  assert.equal(lone.delivered, [6]);
});

liars('a buyer that shows nothing to a seller with an older copy takes no more than the window', () => {
  const lone = LoneSale.selling(dealOf({ windowNano: 4 * P }), 0);
  sellTo(lone, 1, 8);
  const copy = lone.records.length;
  sellTo(lone, 9, 20);
  lone.clear();
  lone.restart(copy);
  answer(lone, 8);
  lone.produce(40);
  lone.wait(5000);
  assert.ok(Math.max(...lone.delivered) * P - lone.sale.verifiedNano <= 4 * P);
});

liars('a buyer from an older copy signs nothing, however it is asked, before it has heard the seller', () => {
  const lone = LonePurchase.buying({ ticks: 4 });
  const copy = lone.records.length;
  lone.readings(1, 9);
  lone.restart(copy);
  lone.clear();
  lone.readings(1, 9);
  lone.sync();
  lone.control({ kind: 'end', parts: ['seller'] });
  lone.control({ kind: 'resync', parts: [new Uint8Array(8), null, null, 9, new Uint8Array(32)] });
  lone.control({ kind: 'resynced', parts: [new Uint8Array(8), null, null, 9, new Uint8Array(32)] });
  lone.wait(5000);
  assert.is(lone.purchase.releasedNano, 0);
  assert.is(lone.messages('tick').length, 0);
  assert.is(lone.controls('statement').length, 0);
});

liars('a buyer that forgot its channel opens the same one again, and no second one', () => {
  const lone = new LonePurchase();
  lone.lease();
  const first = lone.asked('open').at(-1)!.parts[0];
  for (let records = 1; records <= lone.records.length; records++) {
    const other = new LonePurchase();
    other.lease();
    other.restart(records);
    other.clear();
    other.tell({ kind: 'connected' });
    if (other.purchase.lease === null) other.lease();
    assert.equal(other.asked('open').at(-1)!.parts[0], first, `after ${records} records`);
  }
});

liars.run();
