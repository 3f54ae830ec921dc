/** `tollbridge settler mandate set`: an owner lets the settler collect from its account. */

import { ok } from '../../../schemas/result.ts';
import { setMandate } from '../bank/mandates.ts';
import { dayOf } from '../ledger/day.ts';
import { keyOfAccount } from './account.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  account: { type: 'string' },
  id: { type: 'string' },
  signed: { type: 'string' },
} as const;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'account', 'id', 'signed');
  if (!given.ok) return given;
  const { account, id, signed } = given.value;
  const owner = await keyOfAccount(store, account);
  if (!owner.ok) return owner;
  const set = await setMandate(store, owner.value, { id, signedDate: signed }, dayOf(host.nowMs()));
  if (!set.ok) return set;
  const { collections } = set.value;
  const text = `mandate ${id} of ${account}, signed on ${signed}: collected ${collections} times`;
  return ok({ text, json: { account, id, signed, collections } });
});
