/** One network cleared in a process of its own: `clearing-process.ts OBLIGATIONS fewest|two DRAW`. */

import { maximumCirculation } from '../../broker/settler/clearing/circulation.ts';
import { clear } from '../../broker/settler/clearing/clear.ts';
import { openIntake } from '../../broker/settler/clearing/network.ts';
import { obligationsOf, randomEdges } from '../settler/clearing/networks.ts';
import { shapeOf } from './clearing-networks.ts';

export type ClearingRun = {
  /** In cents, as text: exact. */
  readonly gross: string;
  readonly cleared: string;
  /** All of it; the search for the circulation alone. */
  readonly ms: number;
  /** The user time of all of it, with the collector's: what others do meanwhile matters less to it. */
  readonly cpuMs: number;
  readonly circulationMs: number;
  readonly rssMb: number;
};

const NANO_PER_CENT = 10_000_000n;
/** Makes the unit so small that the sum passes 2^53 of it; it is in no circle with others. */
const SPOILER_NANO = 2n ** 62n - 1n;

const [obligations, words, draw] = process.argv.slice(2);
const given = obligationsOf(randomEdges(shapeOf(Number(obligations), Number(draw))), NANO_PER_CENT);
if (words === 'two') {
  for (const [debtor, creditor] of [
    ['x', 'y'],
    ['y', 'x'],
  ] as const)
    given.push({ debtor, creditor, nano: SPOILER_NANO });
}

const round = (ms: number): number => Math.round(ms);
const startedUs = process.cpuUsage().user;
const startedMs = performance.now();
const { report } = clear(given, []);
const ms = performance.now() - startedMs;
const cpuMs = (process.cpuUsage().user - startedUs) / 1000;
const rssMb = process.memoryUsage.rss() / 1e6;

const intake = openIntake();
for (const { debtor, creditor, nano } of given) intake.add(debtor, creditor, nano);
const network = intake.network();
const circulationStartedMs = performance.now();
maximumCirculation(network, () => {});
const run: ClearingRun = {
  gross: String(report.grossNano / NANO_PER_CENT),
  cleared: String(report.clearedNano / NANO_PER_CENT),
  ms: round(ms),
  cpuMs: round(cpuMs),
  circulationMs: round(performance.now() - circulationStartedMs),
  rssMb: round(rssMb),
};
process.send!(run);
process.disconnect();
