/** `tollbridge settler settle`: books the bank's word on one payout or collection. */

import { ok, refuse } from '../../../schemas/result.ts';
import { settlePayout } from '../bank/payouts.ts';
import { directionOf } from '../bank/settling.ts';
import { formatAmount } from '../ledger/amount.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  run: { type: 'string' },
  payout: { type: 'string' },
  as: { type: 'string' },
  reason: { type: 'string' },
} as const;

/** A code of the bank and a few words. */
const REASON = /^[ -~]{1,100}$/;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'run', 'payout', 'as');
  if (!given.ok) return given;
  const { run, as } = given.value;
  // ACH files have letters in capitals alone.
  const id = given.value.payout.toLowerCase();
  if (as !== 'posted' && as !== 'voided' && as !== 'returned') {
    return refuse('config-invalid', `--as is "${as}": write posted, voided or returned`);
  }
  const reason = options.reason ?? null;
  if (reason !== null && !REASON.test(reason)) {
    return refuse('config-invalid', `--reason is "${reason}": write 1 to 100 ASCII characters`);
  }
  const settled = await settlePayout(store, run, id, as, host.nowMs(), host.crypto.sha256, reason);
  if (!settled.ok) return settled;
  const { nano, currency, state } = settled.value;
  const text = `${directionOf(settled.value)} ${id} of ${formatAmount(nano)} ${currency} is ${state}`;
  return ok({ text, json: { run, id, nano: String(nano), currency, state, reason: settled.value.reason } });
});
