/** A million seeded random robberies, with their tally: seven minutes of one core. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { spree } from './spree.ts';

const CASES = 1_000_000;
const CASES_PER_SEED = 1000;
const PROGRESS_EVERY = 100_000;
/** Beyond those of `random.test.ts`. */
const FIRST_SEED = 1000;

const random = suite('random robberies, at length');

random('none of a million is accepted', async () => {
  const tally = new Map<string, number>();
  let cases = 0;
  let told = 0;
  for (let seed = FIRST_SEED; cases < CASES; seed++) {
    const result = await spree(seed, CASES_PER_SEED);
    cases += result.cases;
    for (const [name, times] of result.moves) tally.set(name, (tally.get(name) ?? 0) + times);
    if (cases - told < PROGRESS_EVERY) continue;
    told = cases;
    console.log(`${cases} of ${CASES} robberies, up to seed ${seed}: none accepted`);
  }
  const most = [...tally].sort((a, b) => b[1] - a[1]).slice(0, 12);
  console.log(`total: ${cases} robberies of ${tally.size} kinds, 0 accepted`);
  console.log(most.map(([name, times]) => `${name} ${times}`).join(', '));
  assert.ok(cases >= CASES);
});

random.run();
