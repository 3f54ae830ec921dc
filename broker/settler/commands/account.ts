/** Accounts as people name them. */

import { fromHex } from '../../../schemas/bytes.ts';
import { didKey, keyOfDid } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Store } from '../store/store.ts';

/** did:key:z6Mk…, or `settler` for the settler's own. Codes: key-unacceptable, config-invalid, those of the store. */
export const keyOfAccount = async (store: Store, account: string): Promise<Result<Uint8Array>> => {
  if (account !== 'settler') return keyOfDid(account);
  const settler = await store.read((reader) => reader.get('meta', [['settler']]));
  if (!settler.ok) return settler;
  const [root] = settler.value;
  if (root !== undefined) return ok(fromHex(root.value)!);
  return refuse('config-invalid', 'the database is of no settler yet: start the broker on it once');
};

const readablePart = (part: string): string => {
  const key = fromHex(part);
  return key?.length === 32 ? didKey(key) : part;
};

/** deposit/<hex> with the owner as people know it. */
export const readableAccount = (account: string): string => {
  const [kind, ...parts] = account.split('/');
  return [kind, ...(kind === 'channel' ? parts : parts.map(readablePart))].join(' ');
};
