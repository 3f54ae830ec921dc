/**
 * `npm run sim`: simulates the whole economy and says what it did, or which invariant broke.
 *
 *     npm run sim -- --seed S --days D [--parties N] [--faults none|light|heavy] [--json] [--minimise]
 *
 * Exit code 0: every invariant held; 1: one broke, and the last line replays it; 2: the arguments are wrong.
 */

import { parseArgs } from 'node:util';
import { DEFECTS, type DefectName } from './defects.ts';
import { minimise } from './minimise.ts';
import { DEFAULTS, LEVELS, type Level, type SimOptions } from './options.ts';
import { describeFault } from './schedule.ts';
import { type Outcome, simulate } from './simulate.ts';
import { commandOf, failureText, jsonOf, summaryOf } from './summary.ts';

const USAGE = `usage: npm run sim -- [OPTION…]
  --seed S        any text; the same text is the same run          (${DEFAULTS.seed})
  --days D        simulated days with trade, 1 to 3,650            (${DEFAULTS.days})
  --parties N     4 to 60; every third buys and sells              (${DEFAULTS.parties})
  --faults LEVEL  ${LEVELS.join(', ')}                                (${DEFAULTS.faults})
  --only 3,17     of the schedule's faults only these; none: no fault
  --without 2,5   without these parties
  --restores      the settler's disk lies, and old backups are put back
  --defect NAME   plants one: ${Object.keys(DEFECTS).join(', ')}
  --minimise      on failure, look for fewer faults, parties and days that break the same
  --json          the result as one JSON object on the last line`;

const PARTIES_MIN = 4;
const PARTIES_MAX = 60;
const DAYS_MAX = 3650;

const wholeNumber = (name: string, text: string, min: number, max: number): number => {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new RangeError(`--${name} ${text}: write a whole number from ${min} to ${max}`);
};

const numbers = (name: string, text: string): ReadonlySet<number> => {
  if (text === 'none') return new Set();
  return new Set(text.split(',').map((one) => wholeNumber(name, one, 0, 999_999)));
};

const oneOf = <T extends string>(name: string, text: string, known: readonly T[]): T => {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new RangeError(`--${name} ${text}: there are ${known.join(', ')}`);
};

type Wanted = { readonly options: SimOptions; readonly json: boolean; readonly minimise: boolean };

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

const readArguments = (args: readonly string[]): Wanted => {
  const texts = {
    seed: TEXT,
    days: TEXT,
    parties: TEXT,
    faults: TEXT,
    only: TEXT,
    without: TEXT,
    defect: TEXT,
  };
  const flags = { restores: FLAG, minimise: FLAG, json: FLAG };
  const { values } = parseArgs({ args: [...args], options: { ...texts, ...flags } });
  const { seed, days, parties, faults, only, without, restores, defect } = values;
  const names = Object.keys(DEFECTS) as DefectName[];
  const options: SimOptions = {
    seed: seed ?? DEFAULTS.seed,
    days: wholeNumber('days', days ?? String(DEFAULTS.days), 1, DAYS_MAX),
    parties: wholeNumber('parties', parties ?? String(DEFAULTS.parties), PARTIES_MIN, PARTIES_MAX),
    faults: oneOf<Level>('faults', faults ?? DEFAULTS.faults, LEVELS),
    only: only === undefined ? null : numbers('only', only),
    without: numbers('without', without ?? 'none'),
    restores,
    defect: defect === undefined ? null : DEFECTS[oneOf('defect', defect, names)],
  };
  return { options, json: values.json, minimise: values.minimise };
};

/** On a terminal one line that is redrawn; elsewhere nothing. */
const isTty = process.stderr.isTTY === true;
const progress = (text: string): void => {
  if (isTty) process.stderr.write(`\r\x1b[K${text}`);
};

const run = async (options: SimOptions): Promise<{ outcome: Outcome; cpuS: number }> => {
  const before = process.cpuUsage();
  const outcome = await simulate(options, ({ tally, trades }, day) => {
    const where = day < options.days ? `day ${day + 1} of ${options.days}` : 'the quiet end';
    progress(`${where}  ${trades.length} leases  ${tally.messages} messages  ${tally.robberies} robberies`);
  });
  progress('');
  const { user, system } = process.cpuUsage(before);
  return { outcome, cpuS: (user + system) / 1e6 };
};

const showMinimal = async (options: SimOptions, failure: NonNullable<Outcome['failure']>): Promise<void> => {
  const minimal = await minimise(options, failure, (trials, faults) =>
    progress(`minimising: trial ${trials}, ${faults} faults`),
  );
  progress('');
  const { faults, trials } = minimal;
  const { parties, days } = minimal.options;
  const left = parties - minimal.options.without.size;
  console.log(`\nminimal after ${trials} runs: ${faults.length} faults, ${left} parties, ${days} days`);
  for (const fault of faults) console.log(describeFault(fault));
  console.log(`  ${minimal.failure.detail}`);
  console.log(`replay: ${commandOf(minimal.options)}`);
};

const main = async (): Promise<number> => {
  let wanted: Wanted;
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  try {
    wanted = readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { options, json } = wanted;
  const { outcome, cpuS } = await run(options);
  console.log(summaryOf(outcome, cpuS));
  if (outcome.failure !== null) {
    console.log(`\n${failureText(outcome.failure, options)}`);
    if (wanted.minimise) await showMinimal(options, outcome.failure);
  }
  if (json) console.log(jsonOf(outcome, options, cpuS));
  return outcome.failure === null ? 0 : 1;
};

process.exitCode = await main();
