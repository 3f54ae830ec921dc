/**
 * Many values as one parameter: PostgreSQL's binary form of a one-dimensional array. A statement then writes or
 * asks for any number of rows, nothing is escaped, and no byte becomes two digits.
 *
 * | bytes    | what                                                                     |
 * |----------|--------------------------------------------------------------------------|
 * | 4        | dimensions: 1, or 0 for an empty array (then only this and the next two) |
 * | 4        | 1 where an element is null                                               |
 * | 4        | type of the elements                                                     |
 * | 4, 4     | their number, the index of the first                                     |
 * | 4 + n, … | each element: its length, its bytes; length -1 is null                   |
 *
 * Source: `array_recv` in PostgreSQL's `src/backend/utils/adt/arrayfuncs.c`; unchanged since 7.4.
 */

import type { SqlValue } from './sql-rows.ts';

export type ArrayType = 'bigint' | 'text' | 'bytea';

/** `pg_type.oid` of the elements: fixed by PostgreSQL's catalogue. */
const OIDS: { readonly [T in ArrayType]: number } = { bigint: 20, text: 25, bytea: 17 };
const HEAD_BYTES = 12;
const DIMENSION_BYTES = 8;
const LENGTH_BYTES = 4;
const BIGINT_BYTES = 8;

const sizeOf = (value: SqlValue): number => {
  if (value === null) return 0;
  if (typeof value === 'bigint') return BIGINT_BYTES;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
};

/** Writes one element's bytes. A bigint beyond 64 bits is a programmer's error and throws. */
const put = (buffer: Buffer, at: number, value: Exclude<SqlValue, null>): void => {
  if (typeof value === 'bigint') buffer.writeBigInt64BE(value, at);
  else if (typeof value === 'string') buffer.write(value, at);
  else buffer.set(value, at);
};

/** To be cast where it is used: `$1::bytea[]`. */
export const encodeArray = (type: ArrayType, values: readonly SqlValue[]): Buffer => {
  const sizes = values.map(sizeOf);
  const dimensions = values.length === 0 ? 0 : 1;
  const head = HEAD_BYTES + dimensions * DIMENSION_BYTES;
  const buffer = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + LENGTH_BYTES + size, head));
  buffer.writeInt32BE(dimensions, 0);
  buffer.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  buffer.writeInt32BE(OIDS[type], 8);
  if (dimensions === 1) {
    buffer.writeInt32BE(values.length, HEAD_BYTES);
    buffer.writeInt32BE(1, HEAD_BYTES + 4);
  }
  let at = head;
  for (const [i, value] of values.entries()) {
    buffer.writeInt32BE(value === null ? -1 : sizes[i]!, at);
    at += LENGTH_BYTES;
    if (value !== null) put(buffer, at, value);
    at += sizes[i]!;
  }
  return buffer;
};
