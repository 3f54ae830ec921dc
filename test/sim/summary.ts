/** The summary: what a run did, for people on a terminal and as one JSON object. */

import { formatAmount } from '../../broker/settler/ledger/amount.ts';
import { tableOf } from '../../broker/settler/reports/table.ts';
import { DEFECTS } from './defects.ts';
import { DEFAULTS, type SimOptions } from './options.ts';
import type { Failure, Outcome } from './simulate.ts';
import type { Day, Tally } from './tally.ts';

const BARS = '▁▂▃▄▅▆▇█';
/** More days than columns: each bar stands for several. */
const BARS_MAX = 60;

/** A row of bars, the highest for the most. */
export const sparkline = (values: readonly number[]): string => {
  const each = Math.max(1, Math.ceil(values.length / BARS_MAX));
  const sums: number[] = [];
  for (let i = 0; i < values.length; i += each) {
    sums.push(values.slice(i, i + each).reduce((sum, value) => sum + value, 0));
  }
  const most = Math.max(1, ...sums);
  return sums.map((sum) => BARS[Math.round((sum / most) * (BARS.length - 1))]).join('');
};

const list = (numbers: ReadonlySet<number>): string => [...numbers].sort((a, b) => a - b).join(',');

/** The line that replays a run. */
export const commandOf = (options: SimOptions): string => {
  const { seed, days, parties, faults, only, without, restores, defect } = options;
  const plain = /^[\w.-]+$/.test(seed) ? seed : `'${seed.replaceAll("'", "'\\''")}'`;
  const planted = Object.entries(DEFECTS).find(([, one]) => one === defect)?.[0];
  const words = ['npm run sim --', `--seed ${plain}`, `--days ${days}`];
  if (parties !== DEFAULTS.parties) words.push(`--parties ${parties}`);
  if (faults !== DEFAULTS.faults) words.push(`--faults ${faults}`);
  if (only !== null) words.push(`--only ${list(only) || 'none'}`);
  if (without.size > 0) words.push(`--without ${list(without)}`);
  if (restores) words.push('--restores');
  if (planted !== undefined) words.push(`--defect ${planted}`);
  return words.join(' ');
};

const number = (value: number): string => value.toLocaleString('en');

const counts = (map: ReadonlyMap<string, number>): string =>
  [...map]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${number(times)}`)
    .join(', ') || 'none';

const perDay = (tally: Tally, of: (day: Day) => number): string => {
  const values = tally.byDay.slice(0, tally.days).map(of);
  return `${sparkline(values)}  a day ${number(Math.round(values.reduce((a, b) => a + b, 0) / values.length))}`;
};

export const summaryOf = ({ tally, digest }: Outcome, cpuS: number): string => {
  const faults = [...tally.faults.values()].reduce((sum, times) => sum + times, 0);
  const disputes = [...tally.disputes.values()].reduce((sum, times) => sum + times, 0);
  const rows: (readonly [string, string, string])[] = [
    ['days', number(tally.days), `${number(Math.round((tally.days / cpuS) * 60))} per CPU minute`],
    ['parties', number(tally.parties), `${number(tally.devices)} devices`],
    ['leases', number(tally.trades), counts(tally.endings)],
    ['readings sold', number(tally.readings), perDay(tally, (day) => day.readings)],
    ['moved', formatAmount(tally.movedNano), `in ${number(tally.claims)} claims`],
    ['claims', number(tally.claims), perDay(tally, (day) => day.claims)],
    ['cleared', formatAmount(tally.clearedNano), 'of debts between owners'],
    ['paid in', number(tally.paidIn), 'deposits'],
    ['paid out', number(tally.transfers), 'transfers'],
    ['collected', number(tally.collected), 'direct debits'],
    [
      'returned',
      number(tally.returned),
      `transfers and debits, ${number(tally.rejected)} rejected by the bank`,
    ],
    ['disputes', number(disputes), counts(tally.disputes)],
    ['written off', formatAmount(tally.lostNano), 'of debts'],
    [
      'messages',
      number(tally.messages),
      `${number(tally.commits)} commits, ${number(tally.rows)} journal rows`,
    ],
    ['faults', number(faults), counts(tally.faults)],
    ['crashes', number(tally.crashes), `of devices, ${number(tally.settlerCrashes)} of the settler`],
    [
      'robberies',
      number(tally.robberies),
      `of ${number(tally.moves.size)} kinds, ${tally.accepted} accepted`,
    ],
    [
      'books',
      number(tally.equalBooks),
      `leases with equal books on both sides, ${number(tally.excused)} excused, ${number(tally.givenUp)} given up`,
    ],
    ['checks', number(tally.checks), 'of invariants'],
  ];
  return `${tableOf(rows, [1])}\ndigest ${digest}`;
};

/** What broke, where, and the line that shows it again. */
export const failureText = (failure: Failure, options: SimOptions): string => {
  const time = new Date(failure.atMs).toISOString().slice(11, 23);
  return [
    `broken: ${failure.invariant}`,
    `  ${failure.detail}`,
    `  on day ${failure.day} at ${time}, seed ${options.seed}`,
    `replay: ${commandOf(options)}`,
  ].join('\n');
};

/** For programs: one line. */
export const jsonOf = (outcome: Outcome, options: SimOptions, cpuS: number): string => {
  const { tally, failure, digest } = outcome;
  const told = { seed: options.seed, ...tally, failure, digest, replay: commandOf(options) };
  const rate = { days_per_cpu_minute: Math.round((tally.days / cpuS) * 600) / 10 };
  return JSON.stringify({ ...told, ...rate }, (_, value) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Map ? Object.fromEntries(value) : value;
  });
};
