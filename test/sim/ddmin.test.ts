/** Delta debugging on lists whose reason to fail is known. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chanceOf } from '../world/chance.ts';
import { ddmin } from './ddmin.ts';

const minimal = suite('ddmin');

const items = Array.from({ length: 100 }, (_, i) => i);
const failsWith =
  (...causes: number[]) =>
  async (part: readonly number[]): Promise<boolean> =>
    causes.every((cause) => part.includes(cause));

minimal('finds one, two and five causes among a hundred', async () => {
  for (const causes of [[42], [0, 99], [3, 4, 50, 77, 98]]) {
    assert.equal(await ddmin(items, failsWith(...causes)), causes);
  }
});

minimal('finds that nothing is needed', async () => {
  assert.equal(await ddmin(items, async () => true), []);
});

minimal('leaves a list of which no one can be left out, for any such reason', async () => {
  const chance = chanceOf(11);
  for (let round = 0; round < 50; round++) {
    // Fails where two of three causes are there, and one more: several minimal answers, none of them unique.
    const causes = [chance.below(100), chance.below(100), chance.below(100)];
    const one = chance.below(100);
    const fails = async (part: readonly number[]): Promise<boolean> =>
      causes.filter((cause) => part.includes(cause)).length >= 2 && part.includes(one);
    const least = await ddmin(items, fails);
    assert.ok(await fails(least));
    for (const item of least) assert.not.ok(await fails(least.filter((other) => other !== item)));
  }
});

minimal('needs few trials where few items matter', async () => {
  let trials = 0;
  await ddmin(items, async (part) => {
    trials++;
    return part.includes(13) && part.includes(64);
  });
  assert.ok(trials < 100, `${trials} trials`);
});

minimal.run();
