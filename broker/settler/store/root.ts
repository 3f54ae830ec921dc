/** Whose database it is: a settler binds it to its root key when it first starts on it. */

import { fromHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Reader } from './store.ts';
import type { Key } from './tables.ts';

/** `meta` row: the currencies that the settler keeps, as its newest start was told. */
export const CURRENCIES: Key = ['currencies'];

/** A currency that no settler of this database ever kept is a slip; `kept` is what its row says. Code: currency-unknown. */
export const checkKept = (kept: string | undefined, currency: string): Result<null> =>
  kept === undefined || kept.split(' ').includes(currency)
    ? ok(null)
    : refuse('currency-unknown', `${currency} is not settled here, only ${kept.replaceAll(' ', ', ')}`);

/** The same, asked of the database. */
export const checkKeptIn = async (reader: Reader, currency: string): Promise<Result<null>> => {
  const [said] = await reader.get('meta', [CURRENCIES]);
  return checkKept(said?.value, currency);
};

/** The settler's root key. Code: config-invalid. */
export const rootOf = async (reader: Reader): Promise<Result<Uint8Array>> => {
  const [settler] = await reader.get('meta', [['settler']]);
  if (settler !== undefined) return ok(fromHex(settler.value)!);
  return refuse('config-invalid', 'the database is of no settler yet: start the broker on it once');
};
