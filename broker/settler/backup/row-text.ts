/** Rows as JSON: columns in their order, bytes in base64, 64-bit integers as decimal text. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { ColumnType } from '../store/table.ts';
import { TABLES, type TableName, type Tables } from '../store/tables.ts';

type Json = string | number | boolean | null;

const jsonOf = (type: ColumnType, value: unknown): Json => {
  if (value === null) return null;
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  return type === 'nano' ? String(value) : (value as Json);
};

/** undefined where the value is not one of the type. */
const readValue = (type: ColumnType, json: unknown): unknown => {
  switch (type) {
    case 'bytes':
      return typeof json === 'string' ? new Uint8Array(Buffer.from(json, 'base64')) : undefined;
    case 'nano':
      return typeof json === 'string' && /^-?\d{1,19}$/.test(json) ? BigInt(json) : undefined;
    case 'count':
      return Number.isSafeInteger(json) && (json as number) >= 0 ? json : undefined;
    case 'flag':
      return typeof json === 'boolean' ? json : undefined;
    default:
      return typeof json === 'string' ? json : undefined;
  }
};

export const valuesOfRow = <T extends TableName>(table: T, row: Tables[T]): readonly Json[] =>
  TABLES[table].columns.map(({ field, type }) => jsonOf(type, row[field as keyof Tables[T]]));

/** Code: journal-corrupt, naming the column. */
export const rowOfValues = <T extends TableName>(table: T, values: unknown): Result<Tables[T]> => {
  const { columns } = TABLES[table];
  const bad = (why: string) =>
    refuse('journal-corrupt', `a row of ${table} ${why}: another version wrote it`);
  if (!Array.isArray(values) || values.length !== columns.length)
    return bad(`has not the ${columns.length} columns it should have`);
  const row: Record<string, unknown> = {};
  for (const [i, { field, type }] of columns.entries()) {
    const value = values[i] === null ? null : readValue(type, values[i]);
    if (value === undefined) return bad(`has ${JSON.stringify(values[i])} for ${field}`);
    row[field] = value;
  }
  return ok(row as unknown as Tables[T]);
};
