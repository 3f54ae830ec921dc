/** What the vector tests ask of every answer and of all bytes, with code that is not ours where there is some. */

import { createHash } from 'node:crypto';
import { Decoder } from 'cbor-x';
import * as cborg from 'cborg';
import { rfc8949EncodeOptions } from 'cborg';
import * as assert from 'uvu/assert';
import type { Result } from '../../schemas/result.ts';
import { schemas } from '../cddl/schemas.ts';
import { hex } from '../vectors/notation.ts';

export const refuses = (result: Result<unknown>, code: string): void => {
  assert.is(result.ok ? 'accepted' : result.code, code);
  assert.ok(result.ok || result.detail.length > 0);
};

export const accepted = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

export const describes = (rule: string, bytes: Uint8Array): void => {
  const verdict = schemas().validate(rule, bytes);
  assert.ok(verdict.ok, verdict.ok ? '' : `${rule} at ${verdict.path}: ${verdict.reason}`);
};

/** cborg writes deterministic CBOR of its own; cbor-x reads the same array. */
export const mirrors = (bytes: Uint8Array): unknown => {
  const item: unknown = cborg.decode(bytes, { useMaps: true, tags: cborg.Tagged.preserve(4) });
  assert.is(hex(cborg.encode(item, rfc8949EncodeOptions)), hex(bytes));
  const other = new Decoder({ mapsAsObjects: false }).decode(bytes) as unknown[];
  assert.is(other.length, (item as unknown[]).length);
  return item;
};

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A message that must be refused. */
export type Bad = {
  readonly name: string;
  readonly code: string;
  readonly bytes: string;
  readonly wellFormed?: true;
};
