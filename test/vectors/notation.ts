/** Values as JSON: bytes are `{"bytes": hex}`, and every file is laid out as the formatter would. */

import { fromHex, toHex } from '../../schemas/bytes.ts';

export type Json =
  | number
  | string
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

export const hex = (bytes: Uint8Array): string => toHex(bytes);

export const unhex = (text: string): Uint8Array => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
};

export const toJson = (value: unknown): Json => {
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== 'object') return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]));
};

/** The value that `toJson` wrote. */
export const fromJson = (json: Json): unknown => {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(fromJson);
  const entries = Object.entries(json);
  if (entries.length === 1 && entries[0]![0] === 'bytes') return unhex(entries[0]![1] as string);
  return Object.fromEntries(entries.map(([name, field]) => [name, fromJson(field!)]));
};

const WIDTH = 110;

const isLeaf = (json: Json): boolean => json === null || typeof json !== 'object';

/** What fits on a line is a line: arrays, and bytes. Other objects are one field a line. */
const laidOut = (json: Json, indent: string, used: number): string => {
  if (isLeaf(json)) return JSON.stringify(json);
  const inner = `${indent}  `;
  const list = Array.isArray(json);
  const fields = Object.entries(json as object).filter(([, field]) => field !== undefined);
  const flat = (one: Json): string | undefined => {
    if (isLeaf(one)) return JSON.stringify(one);
    if (Array.isArray(one)) {
      const parts = one.map(flat);
      return parts.every((part) => part !== undefined) ? `[${parts.join(', ')}]` : undefined;
    }
    const names = Object.keys(one as object);
    if (names.length !== 1 || names[0] !== 'bytes') return undefined;
    return `{ "bytes": ${JSON.stringify((one as { bytes: string }).bytes)} }`;
  };
  const line = flat(json);
  if (line !== undefined && used + line.length + 1 <= WIDTH) return line;
  const rows = fields.map(([name, field]) => {
    const label = list ? '' : `${JSON.stringify(name)}: `;
    return inner + label + laidOut(field as Json, inner, inner.length + label.length);
  });
  const [open, close] = list ? '[]' : '{}';
  return `${open}\n${rows.join(',\n')}\n${indent}${close}`;
};

export const fileOf = (json: Json): string => `${laidOut(json, '', 0)}\n`;
