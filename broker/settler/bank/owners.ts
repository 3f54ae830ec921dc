/** Owners' bank details: set by the operator, used by the next payout run. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { OwnerRow, Store } from '../store/store.ts';
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
  const row = { key, name: party.value.name, iban: account.iban, bic: account.bic };
  const written = await store.transact(async () => ({ changes: { owners: [row] }, value: row }));
  return written.ok ? ok(row) : written;
};
