/** Every message that a lease really sends is one that the CDDL describes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { schemas } from '../cddl/schemas.ts';
import { kindOf } from '../world/ending.ts';
import type { Message, WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const ruleFor = ({ from, on }: Message): string =>
  on === 'in' ? 'request' : from === 'seller' ? 'stream-r' : 'stream-p';

/** Holds every message against its rule; the kinds that were sent. */
const watch = async (options: WorldOptions, act: (world: World) => Promise<void>): Promise<Set<string>> => {
  const kinds = new Set<string>();
  const world = new World(options);
  world.observe = (message) => {
    const rule = ruleFor(message);
    const verdict = schemas().validate(rule, message.bytes);
    assert.ok(
      verdict.ok,
      `a ${kindOf(message)} of the ${message.from} is no ${rule}: ${JSON.stringify(verdict)}`,
    );
    kinds.add(`${message.from} ${kindOf(message)}`);
  };
  await world.begin();
  await act(world);
  return kinds;
};

const HARD: Omit<WorldOptions, 'seed'> = {
  readings: 60,
  periodMs: 5,
  ticks: 4,
  faults: { loss: 0.1, repetition: 0.1, delayMsMax: 8 },
};

const wire = suite('the wire');

wire('of leases over a bad network, with crashes, is what the CDDL says', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 6; seed++) {
    const kinds = await watch({ ...HARD, seed }, async (world) => {
      for (let crash = 0; crash < 4; crash++) {
        for (let ms = 0; ms < 70; ms++) await world.tick();
        const party = crash % 2 === 0 ? 'seller' : 'buyer';
        world.crash(party, true);
        world.restart(party);
      }
      await world.run(60_000);
    });
    for (const kind of kinds) seen.add(kind);
  }
  for (const kind of [
    'seller reading',
    'seller resync',
    'seller resynced',
    'seller refusal',
    'seller agreed',
  ])
    assert.ok(seen.has(kind), kind);
  for (const kind of ['buyer tick', 'buyer voucher', 'buyer nak', 'buyer grant', 'buyer statement'])
    assert.ok(seen.has(kind), kind);
  for (const kind of ['buyer offer', 'seller lease', 'buyer open', 'settler grant', 'seller claim'])
    assert.ok(seen.has(kind), kind);
});

wire('of a lease that is stopped, or disputed, or expires, is too', async () => {
  const stopped = await watch({ seed: 7, readings: 60, periodMs: 5 }, async (world) => {
    await world.runUntil(() => world.bought.length > 20);
    world.tell('seller', { kind: 'stop', reason: 'seller' });
    assert.ok(await world.run(60_000));
  });
  assert.ok(stopped.has('seller end'));
  const expired = await watch({ seed: 8, readings: 5000, periodMs: 50, durationS: 62 }, async (world) => {
    assert.ok(await world.run(100_000));
  });
  assert.ok(expired.has('seller close'));
});

wire('of plain vouchers, large prices and long leases is too', async () => {
  const price = [
    { from: 1, priceNano: 20_000_000_000 },
    { from: 4, priceNano: 4_294_967_295 },
    { from: 7, priceNano: 1 },
  ];
  await watch({ seed: 9, readings: 12, periodMs: 5, price, ticks: 16, window: 2 }, async (world) => {
    assert.ok(await world.run(60_000));
  });
});

wire.run();
