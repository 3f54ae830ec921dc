/** Accounts as people name them. */

import { fromHex } from '../../../schemas/bytes.ts';
import { didKey, keyOfDid } from '../../../schemas/identity.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import type { Creditor } from '../ledger/ledger.ts';
import { rootOf } from '../store/root.ts';
import type { Store } from '../store/store.ts';

/** did:key:z6Mk…, or `settler` for the settler's own. Codes: key-unacceptable, config-invalid, those of the store. */
export const keyOfAccount = async (store: Store, account: string): Promise<Result<Uint8Array>> => {
  if (account !== 'settler') return keyOfDid(account);
  const root = await store.read(rootOf);
  return root.ok ? root.value : root;
};

/** Who gave credit: `settler`, or an owner. Code: key-unacceptable. */
export const creditorOfAccount = (account: string): Result<Creditor> =>
  account === 'settler' ? ok(null) : keyOfDid(account);

const readablePart = (part: string): string => {
  const key = fromHex(part);
  return key?.length === 32 ? didKey(key) : part;
};

/** deposit/<hex> with the owner as people know it, channels by their first twelve digits. */
export const readableAccount = (account: string): string => {
  const [kind, ...parts] = account.split('/');
  return [kind, ...parts.map((part) => (kind === 'channel' ? part.slice(0, 12) : readablePart(part)))].join(
    ' ',
  );
};
