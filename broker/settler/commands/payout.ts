/** `tollbridge settler payout`: earnings become pending payouts and bank files. */

import { makeUnderMark } from '../backup/high-water.ts';
import { makeRun } from '../bank/payouts.ts';
import { parseAmount } from '../ledger/amount.ts';
import { runName } from '../ledger/run-name.ts';
import { need, onStore } from './on-store.ts';
import { checkOut, occasionOf, RUN_OPTIONS, sayRun } from './run-output.ts';
import { highWaterOf, STATE_OPTION } from './state.ts';

const OPTIONS = { ...RUN_OPTIONS, ...STATE_OPTION, threshold: { type: 'string', default: '0.01' } } as const;

/** Banks take transfers for the next day. */
const LEAD_DAYS = 1;

const WORDS = {
  one: 'transfer',
  many: 'transfers',
  waits: 'waits for bank details',
  nothing: 'nothing to pay out',
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'out', 'threshold');
  if (!given.ok) return given;
  const writable = checkOut(given.value.out);
  if (!writable.ok) return writable;
  const threshold = parseAmount(given.value.threshold);
  if (!threshold.ok) return threshold;
  const occasion = occasionOf(options, host.nowMs(), LEAD_DAYS);
  if (!occasion.ok) return occasion;
  const highWater = highWaterOf(options);
  if (!highWater.ok) return highWater;
  const order = { ...occasion.value, thresholdNano: threshold.value };
  const made = await makeUnderMark(store, highWater.value, runName('payout', order), () =>
    makeRun(store, order, host.nowMs(), host.crypto.sha256),
  );
  return made.ok ? sayRun(store, made.value, given.value.out, WORDS) : made;
});
