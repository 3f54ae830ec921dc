/** `tollbridge settler settle`: books the bank's word on one payout. */

import { ok, refuse } from '../../../schemas/result.ts';
import { settlePayout } from '../bank/payouts.ts';
import { formatAmount } from '../ledger/amount.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  run: { type: 'string' },
  payout: { type: 'string' },
  as: { type: 'string' },
} as const;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'run', 'payout', 'as');
  if (!given.ok) return given;
  const { run, payout: id, as } = given.value;
  if (as !== 'posted' && as !== 'voided') {
    return refuse('config-invalid', `--as is "${as}": write posted or voided`);
  }
  const settled = await settlePayout(store, run, id, as, host.nowMs(), host.crypto.sha256);
  if (!settled.ok) return settled;
  const { nano, currency, state } = settled.value;
  const text = `payout ${id} of ${formatAmount(nano)} ${currency} is ${state}`;
  return ok({ text, json: { run, id, nano: String(nano), currency, state } });
});
