/** `tollbridge settler report`: per lease sold, delivered, paid, claimed, disputed. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import type { Period } from '../reports/lease.ts';
import { ALL_TIME, reconcile, reportCsv, reportTable, type Selection } from '../reports/reconciliation.ts';
import type { Store } from '../store/store.ts';
import { keyOfAccount } from './account.ts';
import { attended } from './attended.ts';
import { onStore } from './on-store.ts';

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  owner: { type: 'string' },
  lease: { type: 'string' },
  csv: { type: 'boolean', default: false },
} as const;

/** As many digits as tell leases apart: the report shows twelve. */
const LEASE = /^[0-9a-f]{4,64}$/;

const periodOf = (options: { readonly from?: string; readonly to?: string }): Result<Period> => {
  if (options.from === undefined && options.to === undefined) return ok(ALL_TIME);
  const from = options.from === undefined ? ok(null) : checkDate(options.from);
  if (!from.ok) return from;
  const to = options.to === undefined ? ok(null) : checkDate(options.to);
  if (!to.ok) return to;
  if (from.value !== null && to.value !== null && to.value <= from.value) {
    const order = `--to ${to.value} is not after --from ${from.value}`;
    return refuse('value-out-of-range', `${order}: the day of --to is not included, write the one after`);
  }
  return ok({
    fromMs: from.value === null ? ALL_TIME.fromMs : Date.parse(from.value),
    toMs: to.value === null ? ALL_TIME.toMs : Date.parse(to.value),
  });
};

const selectionOf = async (
  store: Store,
  options: { readonly owner?: string; readonly lease?: string },
): Promise<Result<Selection>> => {
  const owner = options.owner === undefined ? ok(undefined) : await keyOfAccount(store, options.owner);
  if (!owner.ok) return owner;
  const lease = options.lease?.toLowerCase();
  if (lease !== undefined && !LEASE.test(lease)) {
    return refuse(
      'config-invalid',
      `--lease is "${lease}": write the first digits of its id, as in the report`,
    );
  }
  return ok({ owner: owner.value, lease });
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  if (options.csv === true && options.json) {
    return refuse('config-invalid', '--csv and --json are two ways to write it: choose one');
  }
  const period = periodOf(options);
  if (!period.ok) return period;
  const selection = await selectionOf(store, options);
  if (!selection.ok) return selection;
  const reconciled = await attended((watch) =>
    reconcile(store, period.value, host.crypto, selection.value, watch),
  );
  if (!reconciled.ok) return reconciled;
  const text = options.csv === true ? reportCsv(reconciled.value) : reportTable(reconciled.value);
  return ok({ text, json: reconciled.value });
});
