/** A stored row beside the one that the journal says. */

import { compareBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Folded } from '../ledger/replay.ts';
import { keyOfRow, keyText, TABLES, type Tables } from '../store/tables.ts';

const said = (value: unknown): string =>
  value instanceof Uint8Array ? toHex(value.subarray(0, 16)) : JSON.stringify(value, (_, v) => String(v));

const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? compareBytes(a, b) === 0 : a === b;

/** The first field in which a stored row is not what the journal says. */
const differing = <T extends keyof Tables>(table: T, stored: Tables[T], folded: Tables[T]) =>
  TABLES[table].columns.find(({ field }) => {
    const [is, should] = [stored[field as keyof Tables[T]], folded[field as keyof Tables[T]]];
    // A journal of the first version does not hold the grants that were signed then.
    if (field === 'grant' && (should as Uint8Array).length === 0) return false;
    return !isSame(is, should);
  });

/** One of the two is there. Code: journal-corrupt, naming the row and the field. */
export const compareRow = <T extends Folded>(
  table: T,
  stored: Tables[T] | undefined,
  folded: Tables[T] | undefined,
): Result<null> => {
  const corrupt = (detail: string) => {
    const key = keyText(keyOfRow(table, (stored ?? folded)!));
    return refuse('journal-corrupt', `${table} ${key}${detail}`);
  };
  if (folded === undefined) return corrupt(' is stored, and the journal knows nothing of it');
  if (stored === undefined) return corrupt(' is not stored, and the journal knows it');
  const column = differing(table, stored, folded);
  if (column === undefined) return ok(null);
  const [is, should] = [stored, folded].map((row) => said(row[column.field as keyof Tables[T]]));
  return corrupt(`: ${column.field} is stored as ${is}, the journal says ${should}`);
};
