/** Whole leases over a bad network with kills and power cuts: a few hundred short lives, zero differences. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { differenceIn } from '../world/ending.ts';
import { PRICE_NANO as P, type WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SEEDS = 60;

/** A lease with `crashes` at random moments, then time to end. What a crash took from both disks may be missing. */
const live = async (options: WorldOptions, crashes: number): Promise<string | null> => {
  const world = new World(options);
  const { chance } = world;
  await world.begin();
  for (let crash = 0; crash < crashes; crash++) {
    const calmMs = chance.below(160);
    for (let ms = 0; ms < calmMs; ms++) await world.tick();
    const party = chance.holds(0.5) ? 'seller' : 'buyer';
    world.crash(party, chance.holds(0.6));
    const downMs = chance.below(60);
    for (let ms = 0; ms < downMs; ms++) await world.tick();
    world.restart(party);
  }
  await world.run(120_000);
  if (world.purchase!.reason === 'reading-gap') return null;
  return differenceIn(world);
};

const worlds = suite('whole leases');

for (const [name, options, crashes] of [
  ['undisturbed', { ticks: 16 }, 0],
  ['with kills and power cuts', { ticks: 8 }, 4],
  ['with losses and repetitions', { ticks: 8, faults: { loss: 0.05, repetition: 0.05 } }, 0],
  ['with all of these', { ticks: 4, faults: { loss: 0.05, repetition: 0.05 } }, 4],
  ['over messages that overtake each other', { ticks: 8, faults: { delayMsMax: 8 } }, 0],
] as const) {
  worlds(`${name}: ${SEEDS} seeds end with zero differences`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const difference = await live({ seed, readings: 40, periodMs: 5, ...options }, crashes);
      assert.is(difference, null, `seed ${seed}`);
    }
  });
}

worlds('of falling and rising prices, that cross chains: zero differences', async () => {
  const prices = [
    [
      { from: 1, priceNano: P },
      { from: 7, priceNano: P / 3 },
      { from: 20, priceNano: 17 },
    ],
    [
      { from: 1, priceNano: 1 },
      { from: 5, priceNano: 999 },
      { from: 30, priceNano: P },
    ],
    [
      { from: 1, priceNano: 5_000_000_000 },
      { from: 6, priceNano: 4_294_967_295 },
      { from: 9, priceNano: 3 },
    ],
  ].map((tiers) => tiers.map((tier) => ({ ...tier, priceNano: Math.floor(tier.priceNano) })));
  for (const [i, price] of prices.entries()) {
    for (let seed = 1; seed <= 12; seed++) {
      const options = { seed, readings: 40, periodMs: 5, ticks: 8, price };
      assert.is(await live(options, 2), null, `price ${i + 1}, seed ${seed}`);
    }
  }
});

worlds('of every chain length and window: zero differences', async () => {
  for (const ticks of [1, 2, 3, 1024]) {
    for (const window of [1, 2, 256]) {
      const options = { seed: ticks + window, readings: 40, periodMs: 5, ticks, window };
      assert.is(await live(options, 2), null, `${ticks} ticks, window ${window}`);
    }
  }
});

worlds('stop at the budget: so many readings as it buys', async () => {
  const world = new World({ seed: 3, readings: 100, periodMs: 5, ticks: 8, budgetNano: 17 * P + 1 });
  await world.begin();
  assert.ok(await world.run(20_000));
  assert.is(differenceIn(world), null);
  assert.is(world.statement!.paid, 17);
});

worlds.run();
