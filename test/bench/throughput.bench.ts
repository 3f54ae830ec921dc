/**
 * How many readings a second go through the real broker, seller and buyer in processes of their own: first
 * unpaid (same payload, QoS and end-to-end window, acknowledged by empty messages), then paid, each counted
 * by its seller once a verified payment covers it. Verified payments run ahead of the disk by the lag
 * (256 readings) at most, so over a round what is counted is durable.
 */

import type { ChildProcess } from 'node:child_process';
import type { Bench, Figure } from './bench.ts';
import { median, medianRatio } from './measure.ts';
import { ask, end, launch, sleep } from './stream.ts';
import type { StreamRole } from './stream-process.ts';

const WINDOW = 16;
const WINDOW_WIDE = 256;
const PAIRS = 64;
const ROUNDS = 5;
const ROUND_MS = 2500;
/** A stranger's window begins at one reading, and code at cold. */
const WARM_UP_MS = 2500;

type Count = { readonly count: number; readonly atMs: number };

/** Readings a second of one kind of stream, over one round, with a broker of its own. */
const rateOf = async (roles: readonly StreamRole[], window: number, pairs: number): Promise<number> => {
  const box = await launch({ role: 'box', port: 0, window, pairs });
  const port = box.said as number;
  const sides: ChildProcess[] = [];
  for (const role of roles) sides.push((await launch({ role, port, window, pairs })).child);
  const seller = sides[sides.length - 1]!;
  seller.send('go');
  await sleep(WARM_UP_MS);
  const before = await ask<Count>(seller, 'count');
  await sleep(ROUND_MS);
  const after = await ask<Count>(seller, 'count');
  await end([...sides.reverse(), box.child]);
  return ((after.count - before.count) / (after.atMs - before.atMs)) * 1000;
};

const unpaid = (window: number) => rateOf(['unpaid-buyer', 'unpaid-seller'], window, 1);
const paid = (window: number, pairs = 1) => rateOf(['paid-buyer', 'paid-seller'], window, pairs);

export const bench: Bench = {
  name: 'throughput',
  summary: 'paid readings a second through the real broker, beside the same stream unpaid',
  run: async (progress) => {
    const rates: Record<string, number[]> = {};
    const measure = async (name: string, rate: Promise<number>): Promise<void> => {
      rates[name] ??= [];
      rates[name].push(await rate);
    };
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`round ${round} of ${ROUNDS}`);
      await measure('unpaid', unpaid(WINDOW));
      await measure('paid', paid(WINDOW));
      await measure('unpaidStrict', unpaid(1));
      await measure('paidStrict', paid(1));
      await measure('unpaidWide', unpaid(WINDOW_WIDE));
      await measure('paidWide', paid(WINDOW_WIDE));
    }
    progress('the plain PUBACK baseline');
    await measure('puback', rateOf(['puback'], WINDOW, 1));
    progress(`${PAIRS} pairs at once`);
    await measure('pairs', paid(WINDOW, PAIRS));
    const of = (name: string): number => median(rates[name]!);
    const ratio = (subject: string, baseline: string): number =>
      medianRatio(rates[subject]!, rates[baseline]!);
    const figures: Figure[] = [
      { name: 'unpaid_per_s', value: of('unpaid') },
      { name: 'paid_per_s', value: of('paid'), baseline: { name: 'unpaid', value: of('unpaid') } },
      { name: 'ratio', value: ratio('paid', 'unpaid'), target: { min: 0.9 } },
      { name: 'puback_per_s', value: of('puback') },
      { name: 'unpaid_strict_per_s', value: of('unpaidStrict') },
      { name: 'paid_strict_per_s', value: of('paidStrict') },
      { name: 'ratio_strict', value: ratio('paidStrict', 'unpaidStrict') },
      { name: 'unpaid_wide_per_s', value: of('unpaidWide') },
      { name: 'paid_wide_per_s', value: of('paidWide') },
      { name: 'ratio_wide', value: ratio('paidWide', 'unpaidWide') },
      { name: 'pairs_paid_per_s', value: of('pairs') },
    ];
    return figures;
  },
};
