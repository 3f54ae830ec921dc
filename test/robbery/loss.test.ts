/** Robberies by the network: whatever kind of message is lost, repeated or late, the accounts agree in the end. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { differenceIn, kindOf } from '../world/ending.ts';
import type { Message, WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SCRIPT: WorldOptions = { seed: 11, readings: 24, periodMs: 7, ticks: 4 };
/** All kinds that an undisturbed lease sends. */
const KINDS = [
  ...(['offer', 'lease', 'open', 'grant', 'claim', 'receipt', 'statement', 'close'] as const),
  ...(['voucher', 'tick', 'reading', 'resync', 'resynced', 'agreed'] as const),
];

const ending = async (world: World): Promise<string> => {
  await world.begin();
  await world.run(120_000);
  return differenceIn(world) ?? 'no difference';
};

const network = suite('a network that loses and repeats');

network('an undisturbed lease sends all these kinds, and no others', async () => {
  const world = new World(SCRIPT);
  const seen = new Set<string>();
  world.observe = (message) => void seen.add(kindOf(message));
  assert.is(await ending(world), 'no difference');
  assert.equal([...seen].sort(), [...new Set(KINDS)].sort());
});

for (const kind of KINDS) {
  network(`the first three of each ${kind} are lost: zero differences`, async () => {
    const world = new World(SCRIPT);
    let lost = 0;
    world.passes = (message) => kindOf(message) !== kind || ++lost > 3;
    await world.begin();
    await world.runUntil(() => world.bought.length >= 10);
    // A buyer that starts again has to be told where it is, so that every kind is needed.
    world.crash('buyer', false);
    world.restart('buyer');
    await world.run(120_000);
    assert.is(differenceIn(world), null);
    assert.ok(lost > 3, 'it was said again');
  });

  network(`every ${kind} comes three times: zero differences`, async () => {
    let repeated = 0;
    const tamper = (message: Message): readonly Message[] => {
      if (kindOf(message) !== kind) return [message];
      repeated++;
      return [message, message, message];
    };
    assert.is(await ending(new World({ ...SCRIPT, tamper })), 'no difference');
    assert.ok(repeated > 0);
  });
}

network('every message comes again a second later: zero differences', async () => {
  const world: World = new World({ ...SCRIPT, periodMs: 40 });
  const late: { readonly message: Message; readonly dueMs: number }[] = [];
  world.observe = (message) => void late.push({ message, dueMs: world.nowMs + 1000 });
  await world.begin();
  for (let ms = 0; ms < 10_000; ms++) {
    await world.tick();
    while (late.length > 0 && late[0]!.dueMs <= world.nowMs) world.launch(late.shift()!.message);
  }
  assert.is(differenceIn(world), null);
});

network('a third of all is lost and a third repeated, in order: zero differences', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = new World({ ...SCRIPT, seed, faults: { loss: 0.33, repetition: 0.33 } });
    assert.is(await ending(world), 'no difference', `seed ${seed}`);
  }
});

network('messages overtake each other by up to 30 ms: zero differences', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = new World({ ...SCRIPT, seed, faults: { loss: 0.02, delayMsMax: 30 } });
    assert.is(await ending(world), 'no difference', `seed ${seed}`);
  }
});

network.run();
