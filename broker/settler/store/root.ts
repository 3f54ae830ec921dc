/** Whose database it is: a settler binds it to its root key when it first starts on it. */

import { fromHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Reader } from './store.ts';
import type { Key } from './tables.ts';

/** `meta` row: the currencies that the settler keeps, as its newest start was told. */
export const CURRENCIES: Key = ['currencies'];

/** The settler's root key. Code: config-invalid. */
export const rootOf = async (reader: Reader): Promise<Result<Uint8Array>> => {
  const [settler] = await reader.get('meta', [['settler']]);
  if (settler !== undefined) return ok(fromHex(settler.value)!);
  return refuse('config-invalid', 'the database is of no settler yet: start the broker on it once');
};
