/** `tollbridge settler spending`: what a device, or each device of an owner, spends within its budget. */

import { ok, refuse } from '../../../schemas/result.ts';
import { spendingUnder } from '../reports/spending.ts';
import { tableOf } from '../reports/table.ts';
import { keyOfAccount } from './account.ts';
import { SPENDING_FIGURES, SPENDING_HEAD, sellerRows, spendingJson, spendingRow } from './device-spending.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = { account: { type: 'string' } } as const;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'account');
  if (!given.ok) return given;
  const key = await keyOfAccount(store, given.value.account);
  if (!key.ok) return key;
  const found = await store.read((reader) => spendingUnder(reader, key.value, host.nowMs()));
  if (!found.ok) return found;
  if (found.value.length === 0) {
    const { account } = given.value;
    return refuse('config-invalid', `${account} has no budget here: it is its own owner, or unknown`);
  }
  const rows = found.value.flatMap((one) => [spendingRow(one), ...sellerRows(one)]);
  return ok({
    text: tableOf([SPENDING_HEAD, ...rows], SPENDING_FIGURES),
    json: { devices: found.value.map(spendingJson) },
  });
});
