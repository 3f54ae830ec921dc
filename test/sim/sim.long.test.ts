/** Many seeds, and one long run: some ten minutes of one core. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULTS, type SimOptions } from './options.ts';
import { simulate } from './simulate.ts';
import { failureText } from './summary.ts';
import type { Tally } from './tally.ts';

const SEEDS = 60;
const DAYS = 3;
const LONG_DAYS = 60;

const holds = async (change: Partial<SimOptions>): Promise<Tally> => {
  const options = { ...DEFAULTS, ...change };
  const { failure, tally } = await simulate(options);
  if (failure !== null) assert.unreachable(failureText(failure, options));
  return tally;
};

const economies = suite('simulated economies, at length');

economies(`${SEEDS} seeds under heavy faults keep every invariant`, async () => {
  let robberies = 0;
  let excused = 0;
  let trades = 0;
  let returned = 0;
  const ends = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const parties = 4 + (seed % 9);
    const tally = await holds({ seed: `long ${seed}`, days: DAYS, parties, faults: 'heavy' });
    robberies += tally.robberies;
    excused += tally.excused;
    trades += tally.trades;
    returned += tally.returned;
    for (const end of tally.disputes.keys()) ends.add(end);
    if (seed % 10 === 0) console.log(`${seed} of ${SEEDS} seeds: ${robberies} robberies, none accepted`);
  }
  assert.ok(robberies > SEEDS * 500, `${robberies} robberies`);
  assert.ok(returned > SEEDS, `${returned} payments came back`);
  for (const end of ['agreement', 'statement', 'voucher', 'withdrawn']) assert.ok(ends.has(end), end);
  assert.ok(excused < trades * 0.6, `${excused} of ${trades} books excused`);
});

economies('thirty seeds with settlers that forget, and are told again', async () => {
  let forgot = 0;
  let givenUp = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const tally = await holds({
      seed: `forgetful ${seed}`,
      days: DAYS,
      faults: 'heavy',
      restores: true,
    });
    forgot += (tally.faults.get('settler-lie') ?? 0) + (tally.faults.get('settler-backup') ?? 0);
    givenUp += tally.givenUp;
  }
  assert.ok(forgot > 30, `${forgot} times`);
  assert.ok(givenUp <= 3, `${givenUp} leases given up: it takes a lost disk on both sides`);
});

economies('two months of light faults, with debts that circles clear', async () => {
  const tally = await holds({ seed: 'two months', days: LONG_DAYS, faults: 'light' });
  assert.is(tally.accepted, 0);
  assert.ok(tally.clearedNano > 0n);
  assert.ok(tally.transfers > LONG_DAYS);
});

economies.run();
