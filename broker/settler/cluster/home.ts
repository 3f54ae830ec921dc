/**
 * The database that a worker books in, as workers tell each other: `[id 16 bytes, bound ms]`. Two databases of one
 * settler would each grant the same deposit, so the one that was bound to the settler later has to give way.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../schemas/cbor.ts';
import { bytes, checkFields, count } from '../../../schemas/fields.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

export type Home = {
  /** Drawn when a settler first started on the database. */
  readonly id: Uint8Array;
  readonly boundMs: number;
};

const ID_BYTES = 16;
const FIELDS = [bytes('id', ID_BYTES), count('boundMs', Number.MAX_SAFE_INTEGER)];

export const encodeHome = ({ id, boundMs }: Home): Uint8Array => encodeCbor([id, boundMs]);

/** Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeHome = (encoded: Uint8Array): Result<Home> => {
  const item = decodeCbor(encoded);
  if (!item.ok) return item;
  if (!Array.isArray(item.value) || item.value.length !== FIELDS.length) {
    return refuse('object-malformed', 'what a worker says of its database is an array of two');
  }
  const [id, boundMs] = item.value;
  const checked = checkFields('home', [id!, boundMs!], FIELDS);
  return checked.ok ? ok({ id: id as Uint8Array, boundMs: boundMs as number }) : checked;
};

/** Which of two databases was there first; by their ids where both were bound in one millisecond. */
export const isElder = (one: Home, other: Home): boolean =>
  one.boundMs !== other.boundMs ? one.boundMs < other.boundMs : toHex(one.id) < toHex(other.id);
