/** Owners' bank details: set by the operator, used by the next payout run. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { Store } from '../store/store.ts';
import type { OwnerRow } from '../store/tables.ts';
import { accountText } from './account.ts';
import { checkSepaParty } from './party.ts';

/** Codes: bank-details, those of the store. */
export const setOwner = async (
  store: Store,
  key: Uint8Array,
  details: { readonly name: string; readonly iban: string; readonly bic: string | null },
): Promise<Result<OwnerRow>> => {
  const { name, iban, bic } = details;
  const party = checkSepaParty({ name, account: { scheme: 'sepa', iban, bic } });
  if (!party.ok) return party;
  const { account } = party.value;
  const row = { key, scheme: account.scheme, name: party.value.name, bank: accountText(account) };
  const written = await store.transact(async () => ({ changes: { put: { owner: [row] } }, value: row }));
  return written.ok ? ok(row) : written;
};
