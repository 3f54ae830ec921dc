/** Owners' bank details: set by the operator, used by the next payout run. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { OwnerRow, Store } from '../store/store.ts';
import { checkParty } from './party.ts';

/** Codes: bank-details, those of the store. */
export const setOwner = async (
  store: Store,
  key: Uint8Array,
  details: { readonly name: string; readonly iban: string; readonly bic: string | null },
): Promise<Result<OwnerRow>> => {
  const party = checkParty(details.name, details.iban, details.bic);
  if (!party.ok) return party;
  const row = { key, ...party.value };
  const written = await store.transact(async () => ({ changes: { owners: [row] }, value: row }));
  return written.ok ? ok(row) : written;
};
