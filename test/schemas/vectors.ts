/** Reads `schemas/vectors/*.json` and writes CBOR values as JSON: bytes, maps and tags need a form of their own. */

import { existsSync, readFileSync } from 'node:fs';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { type Cbor, CborMap, CborTag } from '../../schemas/cbor.ts';

export type Json =
  | number
  | string
  | boolean
  | null
  | readonly Json[]
  | { readonly bytes: string }
  | { readonly pairs: readonly (readonly [Json, Json])[] }
  | { readonly tag: number; readonly value: Json };

/** Hexadecimal, or pieces of it with repetitions: the vectors of the maxima would fill pages. */
export type Hex = string | readonly (string | { readonly repeat: string; readonly times: number })[];

export const vectorsOf = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../schemas/vectors/${name}.json`, import.meta.url), 'utf8')) as T;

/** A file of `../shared/vectors`, or undefined (and a printed reason) where this checkout stands alone. */
export const publicVectors = <T>(path: string): T | undefined => {
  const url = new URL(`../../../shared/vectors/${path}`, import.meta.url);
  if (existsSync(url)) return JSON.parse(readFileSync(url, 'utf8')) as T;
  console.log(`skip: public vectors shared/vectors/${path} are not beside this checkout`);
  return undefined;
};

export const bytesOf = (hex: Hex): Uint8Array => {
  const pieces = typeof hex === 'string' ? [hex] : hex;
  const whole = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times)));
  const bytes = fromHex(whole.join(''));
  if (bytes === undefined) throw new Error('a vector is not hexadecimal');
  return bytes;
};

export const cborOf = (json: Json): Cbor => {
  if (json === null || typeof json !== 'object') return json;
  if ('bytes' in json) return bytesOf(json.bytes);
  if ('pairs' in json)
    return new CborMap(json.pairs.map((pair) => [cborOf(pair[0]), cborOf(pair[1])] as const));
  if ('tag' in json) return new CborTag(json.tag, cborOf(json.value));
  return json.map(cborOf);
};

export const jsonOf = (item: Cbor): Json => {
  if (item === null || typeof item !== 'object') return item;
  if (item instanceof Uint8Array) return { bytes: toHex(item) };
  if (item instanceof CborMap)
    return { pairs: item.pairs.map((pair) => [jsonOf(pair[0]), jsonOf(pair[1])] as const) };
  if (item instanceof CborTag) return { tag: item.tag, value: jsonOf(item.value) };
  return item.map(jsonOf);
};
