/** Owners' bank details: set by the operator, used by the next run. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { Store } from '../store/store.ts';
import type { Holder, OwnerRow } from '../store/tables.ts';
import { accountText } from './account.ts';
import type { AchKind } from './ach-account.ts';
import { checkAchParty, checkSepaParty } from './party.ts';

export type SepaDetails = { readonly name: string; readonly iban: string; readonly bic: string | null };

export type AchDetails = {
  readonly name: string;
  readonly routing: string;
  readonly number: string;
  readonly kind: AchKind;
  readonly holder: Holder;
};

const checkDetails = (details: SepaDetails | AchDetails): Result<Omit<OwnerRow, 'key'>> => {
  const isSepa = 'iban' in details;
  const party = isSepa
    ? checkSepaParty({
        name: details.name,
        account: { scheme: 'sepa', iban: details.iban, bic: details.bic },
      })
    : checkAchParty({
        name: details.name,
        account: { scheme: 'ach', routing: details.routing, number: details.number, kind: details.kind },
      });
  if (!party.ok) return party;
  const { name, account } = party.value;
  const holder = isSepa ? 'person' : details.holder;
  return ok({ scheme: account.scheme, name, bank: accountText(account), holder });
};

/** One account a scheme. Codes: bank-details, those of the store. */
export const setOwner = async (
  store: Store,
  key: Uint8Array,
  details: SepaDetails | AchDetails,
): Promise<Result<OwnerRow>> => {
  const checked = checkDetails(details);
  if (!checked.ok) return checked;
  const row = { key, ...checked.value };
  const written = await store.transact(async () => ({ changes: { put: { owner: [row] } }, value: row }));
  return written.ok ? ok(row) : written;
};
