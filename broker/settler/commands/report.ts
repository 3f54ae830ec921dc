/** `tollbridge settler report`: per lease sold, delivered, paid, claimed, disputed. */

import { ok, type Result } from '../../../schemas/result.ts';
import { checkDate } from '../bank/day.ts';
import { ALL_TIME, type Period, reconcile, reportTable } from '../reports/reconciliation.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { from: { type: 'string' }, to: { type: 'string' } } as const;

const periodOf = (options: { readonly from?: string; readonly to?: string }): Result<Period> => {
  if (options.from === undefined && options.to === undefined) return ok(ALL_TIME);
  const from = options.from === undefined ? ok(null) : checkDate(options.from);
  if (!from.ok) return from;
  const to = options.to === undefined ? ok(null) : checkDate(options.to);
  if (!to.ok) return to;
  return ok({
    fromMs: from.value === null ? ALL_TIME.fromMs : Date.parse(from.value),
    toMs: to.value === null ? ALL_TIME.toMs : Date.parse(to.value),
  });
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const period = periodOf(options);
  if (!period.ok) return period;
  const reconciled = await reconcile(store, period.value, host.crypto);
  if (!reconciled.ok) return reconciled;
  return ok({ text: reportTable(reconciled.value), json: reconciled.value });
});
