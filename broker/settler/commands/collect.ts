/** `tollbridge settler collect`: direct debits from owners with mandates, and what time has made final of them. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { makeUnderMark } from '../backup/high-water.ts';
import { type CollectionOrder, makeCollections } from '../bank/collections.ts';
import { finalise } from '../bank/finality.ts';
import { parseAmount } from '../ledger/amount.ts';
import { runName } from '../ledger/run-name.ts';
import type { Store } from '../store/store.ts';
import { keyOfAccount } from './account.ts';
import { need, onStore } from './on-store.ts';
import { checkOut, occasionOf, RUN_OPTIONS, sayRun } from './run-output.ts';
import { highWaterOf, STATE_OPTION } from './state.ts';

const OPTIONS = {
  ...RUN_OPTIONS,
  ...STATE_OPTION,
  account: { type: 'string' },
  amount: { type: 'string' },
  debts: { type: 'boolean', default: false },
  finalise: { type: 'boolean', default: false },
} as const;

/** Banks take debits a banking day before, and the file has to reach them. */
const LEAD_DAYS = 2;

const WORDS = {
  one: 'collection',
  many: 'collections',
  waits: 'waits for a mandate or bank details',
  nothing: 'nothing to collect',
};

type Values = { readonly account?: string; readonly amount?: string; readonly debts?: boolean };

/** Codes: config-invalid, key-unacceptable, value-out-of-range. */
const wishOf = async (store: Store, values: Values): Promise<Result<CollectionOrder['from']>> => {
  if (values.debts === true) {
    return values.account === undefined && values.amount === undefined
      ? ok('debtors')
      : refuse('config-invalid', 'write --debts, or --account and --amount');
  }
  if (values.account === undefined && values.amount === undefined)
    return refuse('config-invalid', 'write --debts, or --account and --amount');
  const given = need(values, 'account', 'amount');
  if (!given.ok) return given;
  const owner = await keyOfAccount(store, given.value.account);
  if (!owner.ok) return owner;
  const nano = parseAmount(given.value.amount);
  return nano.ok ? ok({ owner: owner.value, nano: nano.value }) : nano;
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  if (options.finalise === true) {
    const passed = await finalise(store, host.nowMs(), host.crypto.sha256);
    if (!passed.ok) return passed;
    const text =
      passed.value === 0 ? 'nothing is due yet' : `${passed.value} transfers posted or final by time`;
    return ok({ text, json: { booked: passed.value } });
  }
  const from = await wishOf(store, options);
  if (!from.ok) return from;
  const given = need(options, 'out');
  if (!given.ok) return given;
  const writable = checkOut(given.value.out);
  if (!writable.ok) return writable;
  const occasion = occasionOf(options, host.nowMs(), LEAD_DAYS);
  if (!occasion.ok) return occasion;
  const highWater = highWaterOf(options);
  if (!highWater.ok) return highWater;
  const order = { ...occasion.value, from: from.value };
  const made = await makeUnderMark(store, highWater.value, runName('collection', order), () =>
    makeCollections(store, order, host.nowMs(), host.crypto.sha256),
  );
  return made.ok ? sayRun(store, made.value, given.value.out, WORDS) : made;
});
