/** `tollbridge settler deposit-reference`: what an owner writes on a transfer to the settler. */

import { ok } from '../../../schemas/result.ts';
import { giveReference } from '../bank/deposit-reference.ts';
import { keyOfAccount } from './account.ts';
import { need, onStore } from './on-store.ts';

export const run = onStore({ account: { type: 'string' } } as const, async (store, options, host) => {
  const given = need(options, 'account');
  if (!given.ok) return given;
  const { account } = given.value;
  const owner = await keyOfAccount(store, account);
  if (!owner.ok) return owner;
  const reference = await giveReference(store, owner.value, host.crypto.sha256);
  if (!reference.ok) return reference;
  return ok({ text: reference.value, json: { account, reference: reference.value } });
});
