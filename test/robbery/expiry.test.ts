/** Robberies by the clock: claims around the end of a channel, deliveries in the margin, clocks that leap. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { balanceOf } from '../settler/balance.ts';
import {
  claimRequest,
  closeRequest,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  START_MS,
  START_S,
  UNIT,
} from '../settler/parties.ts';
import { dealOf, must } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';
import { World } from '../world/world.ts';

const HOUR_MS = 3_600_000;
const GRACE_MS = 24 * HOUR_MS;
const EXPIRY_MS = START_MS + HOUR_MS;

const settled = async (): Promise<{ house: House; store: Store; channel: OpenedChannel }> => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(10, 'BANK-1');
  const channel = openOf({ expiryS: START_S + 3600 });
  await house.ask(openRequest(channel));
  return { house, store, channel };
};

/** The settler is alive all the while: signs of life every minute. */
const passTo = async (house: House, ms: number): Promise<void> => {
  while (house.clock.nowMs < ms) {
    house.clock.nowMs = Math.min(ms, house.clock.nowMs + 60_000);
    must(await house.settler.sweep());
  }
};

const races = suite('expiry');

races('a claim before, at and after expiry is booked, until the grace is over', async () => {
  const { house, store, channel } = await settled();
  const at = [EXPIRY_MS - 1, EXPIRY_MS, EXPIRY_MS + 1, EXPIRY_MS + GRACE_MS - 1];
  for (const [i, ms] of at.entries()) {
    await passTo(house, ms);
    const reply = await house.ask(
      claimRequest(channel, evidenceFor(channel, i + 1, (i + 1) * UNIT)),
      channel,
    );
    assert.is(reply.receipt?.paidNano, (i + 1) * UNIT);
    assert.is(reply.receipt?.final, false);
  }
  await passTo(house, EXPIRY_MS + GRACE_MS);
  const late = await house.ask(claimRequest(channel, evidenceFor(channel, 9, 5 * UNIT)), channel);
  assert.is(late.code, 'channel-closed');
  assert.is(await balanceOf(store, earnedAccount(PAYEE.key)), BigInt(4 * UNIT));
  assert.is(await balanceOf(store, depositAccount(PAYER.key)), BigInt(6 * UNIT));
});

races('a payer takes nothing back before the grace is over, and not what was claimed in it', async () => {
  const { house, store, channel } = await settled();
  for (const ms of [START_MS, EXPIRY_MS, EXPIRY_MS + GRACE_MS - 1]) {
    await passTo(house, ms);
    assert.is((await house.ask(closeRequest(channel, 0, PAYER), channel, PAYER)).code, 'not-authorised');
  }
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  await passTo(house, EXPIRY_MS + GRACE_MS);
  const reply = await house.ask(closeRequest(channel, 0, PAYER), channel, PAYER);
  assert.is(reply.receipt?.final, true);
  assert.is(reply.receipt?.paidNano, UNIT);
  assert.is(await balanceOf(store, depositAccount(PAYER.key)), BigInt(9 * UNIT));
});

races('a settler’s clock that leaps forward a year releases nothing', async () => {
  const { house, store, channel } = await settled();
  house.clock.nowMs += 365 * 24 * HOUR_MS;
  assert.is(must(await house.settler.sweep()), 0);
  assert.is((await house.ask(closeRequest(channel, 0, PAYER), channel, PAYER)).code, 'not-authorised');
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.receipt?.paidNano, UNIT);
  assert.is(await balanceOf(store, depositAccount(PAYER.key)), BigInt(5 * UNIT));
});

races('a settler’s clock that goes back revives no channel and dates nothing back', async () => {
  const { house, channel } = await settled();
  await passTo(house, EXPIRY_MS + GRACE_MS);
  house.clock.nowMs = START_MS;
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.code, 'channel-closed');
  const again = await house.ask(openRequest(openOf({ nonce: 2, expiryS: START_S + 3600 })));
  assert.is(again.code, 'channel-expired', 'the journal’s time counts');
});

races('downtime over the whole grace costs the payee nothing: the grace begins again', async () => {
  const { house, store, channel } = await settled();
  await passTo(house, EXPIRY_MS - 1);
  house.clock.nowMs = EXPIRY_MS + GRACE_MS + HOUR_MS;
  assert.is(must(await house.settler.sweep()), 0);
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.receipt?.paidNano, UNIT);
  await passTo(house, house.clock.nowMs + GRACE_MS - 60_000);
  assert.is((await house.ask(closeRequest(channel, 0, PAYER), channel, PAYER)).code, 'not-authorised');
  await passTo(house, house.clock.nowMs + 120_000);
  assert.is(await balanceOf(store, depositAccount(PAYER.key)), BigInt(9 * UNIT));
});

races('nothing is delivered within the margin, not even to who pays for it', () => {
  const lone = LoneSale.selling(dealOf({ expiryS: START_S + 100 }), 0);
  let paid = 0;
  while (lone.nowMs < START_MS + 99_000) {
    lone.produce(5);
    lone.hear(lone.payer.tick(1, ++paid > 64 ? 64 : paid));
    lone.sync();
    const last = lone.delivered.length;
    if (lone.nowMs < START_MS + 40_000) continue;
    lone.produce(5);
    assert.is(lone.delivered.length, last, `${lone.nowMs - START_MS} ms`);
    lone.wait(1000);
  }
});

races('a lease that expires in the middle ends with zero differences', async () => {
  const world = new World({ seed: 5, readings: 1000, periodMs: 50, durationS: 64, ticks: 16 });
  await world.begin();
  assert.ok(await world.run(120_000));
  const { sale, purchase, wire, statement } = world;
  assert.is(purchase!.reason, 'expiry');
  assert.is(sale!.claimedNano, wire.releasedNano);
  assert.is(statement!.totalNano, wire.releasedNano);
  assert.is(wire.releasedNano, purchase!.dueNano);
  assert.ok(purchase!.highest > 50 && purchase!.highest < 1000);
});

races.run();

const clocks = suite('clocks that leap');

const DAY_MS = 24 * HOUR_MS;
for (const who of ['buyer', 'seller', 'settler'] as const) {
  for (const [what, ms] of [
    ['an hour forward', HOUR_MS],
    ['two days forward', 2 * DAY_MS],
    ['an hour back', -HOUR_MS],
    ['a year back', -365 * DAY_MS],
  ] as const) {
    clocks(`the ${who}’s leaps ${what}: nobody loses more than the window`, async () => {
      const world = new World({ seed: 6, readings: 60, ticks: 8, window: 4 });
      await world.begin();
      await world.runUntil(() => world.bought.length >= 20);
      world.clockMs[who] = ms;
      await world.run(100_000);
      // Promises are checked every millisecond; in the end the seller has all but the window.
      const { wire, sale } = world;
      const soldNano = Math.min(wire.delivered, 60) * P;
      assert.ok(soldNano - sale!.claimedNano <= 4 * P, `${soldNano - sale!.claimedNano} nano are lost`);
      assert.ok(sale!.claimedNano <= world.dueNano);
    });
  }
}

clocks('a buyer whose lease is over by its clock pays what it holds, states, and takes no more', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 5);
  lone.nowMs += 2 * DAY_MS;
  lone.wait(250);
  lone.sync();
  lone.readings(6, 9);
  assert.is(lone.wire.releasedNano, 5 * P);
  assert.is(lone.controls('statement').length > 0, true);
});

clocks.run();
