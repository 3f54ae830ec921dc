/** A few simulated days: every invariant holds, and a seed is a run. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULTS, type SimOptions } from './options.ts';
import { describeFault, faultsOf, scheduleOf } from './schedule.ts';
import { simulate } from './simulate.ts';
import { commandOf, failureText, sparkline, summaryOf } from './summary.ts';

const RUN = join(import.meta.dirname, 'run.ts');

/** What it prints, and how it ended. */
const runSim = (...args: string[]): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', RUN, ...args]);
  return { status, output: `${stdout}${stderr}` };
};

/** Runs it, and shows the line that replays it where an invariant broke. */
const holds = async (change: Partial<SimOptions>) => {
  const options = { ...DEFAULTS, ...change };
  const outcome = await simulate(options);
  if (outcome.failure !== null) assert.unreachable(failureText(outcome.failure, options));
  return outcome;
};

const economy = suite('a simulated economy');

economy('without faults has equal books in every lease, pays in and pays out', async () => {
  const { tally } = await holds({ seed: 'quiet', days: 1, faults: 'none' });
  assert.is(tally.excused, 0);
  assert.is(tally.equalBooks, tally.trades);
  assert.equal([...tally.endings], [['readings', tally.trades]]);
  assert.ok(tally.transfers > 0 && tally.paidIn > 0);
  assert.is(tally.robberies, 0);
  assert.is(tally.commits > 0 && tally.checks > 10_000, true);
});

economy('with heavy faults keeps every invariant, and accepts no robbery', async () => {
  const { tally } = await holds({ seed: 'storm', days: 2, faults: 'heavy' });
  assert.is(tally.accepted, 0);
  assert.ok(tally.robberies > 300, `${tally.robberies} robberies`);
  assert.ok(tally.faults.size >= 13, `${tally.faults.size} kinds of fault`);
  assert.ok(tally.crashes > 5 && tally.settlerCrashes > 2);
  assert.ok(tally.equalBooks > tally.trades / 3, `${tally.equalBooks} of ${tally.trades} books compared`);
});

economy('with a settler’s disk that lied and a backup put back has all of it brought in again', async () => {
  const { tally } = await holds({ seed: 'forgetful', days: 2, parties: 5, faults: 'heavy', restores: true });
  assert.ok((tally.faults.get('settler-lie') ?? 0) + (tally.faults.get('settler-backup') ?? 0) > 0);
  assert.is(tally.accepted, 0);
});

economy.run();

const seeds = suite('a seed');

seeds('is the same run again, here and in another process; another one is another', async () => {
  const options = { days: 1, parties: 4, faults: 'heavy' } as const;
  const once = await holds({ ...options, seed: 'same' });
  assert.is((await holds({ ...options, seed: 'same' })).digest, once.digest);
  assert.is.not((await holds({ ...options, seed: 'other' })).digest, once.digest);
  const { status, output } = runSim(
    '--seed',
    'same',
    '--days',
    '1',
    '--parties',
    '4',
    '--faults',
    'heavy',
    '--json',
  );
  assert.is(status, 0);
  const told = JSON.parse(output.trim().split('\n').at(-1)!);
  assert.is(told.digest, once.digest);
  assert.is(told.accepted, 0);
  assert.is(told.failure, null);
});

seeds('has a schedule that is data: fewer days are its beginning, and others keep their ids', () => {
  const long = scheduleOf({ ...DEFAULTS, days: 3, faults: 'heavy' });
  const short = scheduleOf({ ...DEFAULTS, days: 1, faults: 'heavy' });
  assert.ok(short.length > 50);
  assert.equal(long.slice(0, short.length), short);
  assert.equal(
    long.map(({ id }) => id),
    long.map((_, i) => i + 1),
  );
  const chosen = {
    ...DEFAULTS,
    days: 3,
    faults: 'heavy',
    only: new Set([2, 70]),
    without: new Set([1]),
  } as const;
  assert.equal(faultsOf(chosen), [long[1], long[69]]);
  assert.match(describeFault(long[0]!), /^ {3}1 {2}day 0 \d\d:\d\d:\d\d {2}loss {2}device \d+, count \d$/);
});

seeds.run();

const told = suite('what the simulator tells');

told('the line that replays a run says what differs from the defaults, and nothing else', () => {
  assert.is(commandOf(DEFAULTS), 'npm run sim -- --seed 1 --days 3');
  const options = { ...DEFAULTS, seed: "it's", parties: 5, faults: 'heavy', only: new Set([9, 2]) } as const;
  assert.is(
    commandOf({ ...options, without: new Set([3]), restores: true }),
    "npm run sim -- --seed 'it'\\''s' --days 3 --parties 5 --faults heavy --only 2,9 --without 3 --restores",
  );
  assert.match(commandOf({ ...options, only: new Set() }), /--only none/);
});

told('the days as bars, several to one where there are many', () => {
  assert.is(sparkline([0, 1, 7]), '▁▂█');
  assert.is(sparkline([]), '');
  assert.is(sparkline(Array.from({ length: 600 }, () => 1)).length, 60);
});

told('the summary names what was checked', async () => {
  const summary = summaryOf(await holds({ days: 1, parties: 4, faults: 'none' }), 1);
  for (const word of ['readings sold', 'claims', 'paid out', 'robberies', 'digest']) {
    assert.ok(summary.includes(word), word);
  }
});

told('wrong arguments are named with what there is, and end with 2', () => {
  for (const [args, answer] of [
    [['--faults', 'some'], /--faults some: there are none, light, heavy/],
    [['--days', '0'], /--days 0: write a whole number from 1 to 3650/],
    [['--only', '3,x'], /--only x: write a whole number/],
    [['--wrong'], /usage: npm run sim/],
  ] as const) {
    const { status, output } = runSim(...args);
    assert.is(status, 2);
    assert.match(output, answer);
  }
});

told.run();
