/** `tollbridge settler account set`: where an owner is paid. */

import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { setOwner } from '../bank/owners.ts';
import { keyOfAccount } from './account.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  account: { type: 'string' },
  name: { type: 'string' },
  iban: { type: 'string' },
  bic: { type: 'string' },
} as const;

export const run = onStore(OPTIONS, async (store, options) => {
  const given = need(options, 'account', 'name', 'iban');
  if (!given.ok) return given;
  const key = await keyOfAccount(store, given.value.account);
  if (!key.ok) return key;
  const { name, iban } = given.value;
  const set = await setOwner(store, key.value, { name, iban, bic: options.bic ?? null });
  if (!set.ok) return set;
  const { key: _, ...party } = set.value;
  const text = `${didKey(key.value)} is paid as ${party.name}, ${party.bank}`;
  return ok({ text, json: { account: didKey(key.value), ...party } });
});
