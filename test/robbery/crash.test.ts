/** Robberies by the power: it goes after every single record of a lease, on either side. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { differenceIn } from '../world/ending.ts';
import type { Party, PowerCut, WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SCRIPT: WorldOptions = { seed: 1, readings: 24, periodMs: 7, ticks: 4 };
const DOWN_MS = 40;

/** How many records each side writes where nothing happens. */
const lengths = async (): Promise<Readonly<Record<Party, number>>> => {
  const world = new World(SCRIPT);
  await world.begin();
  assert.ok(await world.run(20_000));
  return { seller: world.disks.seller.length, buyer: world.disks.buyer.length };
};

const cutOnce = async (cut: PowerCut, downMs: number): Promise<string | null> => {
  const world = new World(SCRIPT);
  world.powerCut = cut;
  await world.begin();
  await world.runUntil(() => world.down[cut.party]);
  for (let ms = 0; ms < downMs; ms++) await world.tick();
  world.restart(cut.party);
  await world.run(20_000);
  return differenceIn(world);
};

const crashes = suite('a power cut');

for (const party of ['seller', 'buyer'] as const) {
  for (const survives of ['written', 'synced'] as const) {
    crashes(`after any record of the ${party}, with what was ${survives}: zero differences`, async () => {
      const length = (await lengths())[party];
      assert.ok(length > 40);
      for (let record = 1; record <= length; record++) {
        const difference = await cutOnce({ party, record, survives }, DOWN_MS);
        assert.is(difference, null, `after record ${record} of ${length}`);
      }
    });
  }
}

crashes('and another one as soon as it is up again: zero differences', async () => {
  const length = (await lengths()).buyer;
  for (let record = 1; record <= length; record += 3) {
    const world = new World(SCRIPT);
    world.powerCut = { party: 'buyer', record, survives: 'synced' };
    await world.begin();
    await world.runUntil(() => world.down.buyer);
    for (const party of ['seller', 'buyer', 'seller', 'buyer'] as const) {
      world.crash(party, true);
      await world.tick();
      world.restart(party);
      await world.tick();
    }
    if (world.down.buyer) world.restart('buyer');
    await world.run(20_000);
    assert.is(differenceIn(world), null, `after record ${record}`);
  }
});

crashes('both sides lose power at the same moment, at any millisecond: zero differences', async () => {
  for (let atMs = 1; atMs <= 180; atMs += 4) {
    const world = new World({ ...SCRIPT, seed: atMs });
    await world.begin();
    for (let ms = 0; ms < atMs; ms++) await world.tick();
    world.crash('seller', true);
    world.crash('buyer', true);
    await world.tick();
    world.restart('buyer');
    world.restart('seller');
    await world.run(20_000);
    assert.is(differenceIn(world), null, `at ${atMs} ms`);
  }
});

crashes.run();
