/** Seeded random robberies, a few seconds of them. `random.long.test.ts` runs a million. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { spree } from './spree.ts';

const CASES_PER_SEED = 400;
const SEEDS = 60;
const chosen = process.env.ROBBERY_SEED;

const random = suite('random robberies');

if (chosen !== undefined) {
  random(`seed ${chosen}: none is accepted`, async () => {
    assert.ok((await spree(Number(chosen), CASES_PER_SEED)).cases >= CASES_PER_SEED);
  });
} else {
  random('none is accepted, and after the robber has gone the accounts agree', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { moves } = await spree(seed, CASES_PER_SEED);
      for (const name of moves.keys()) kinds.add(name);
    }
    assert.ok(kinds.size > 80, `${kinds.size} kinds of robbery`);
  });
}

random.run();
