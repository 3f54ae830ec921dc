/** Values held against one small CDDL: what its tests are written with. */

import * as assert from 'uvu/assert';
import { type Cbor, CborMap, encodeCbor } from '../../schemas/cbor.ts';
import { loadCddl } from './cddl.ts';

export const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
export const map = (...pairs: [Cbor, Cbor][]): CborMap => new CborMap(pairs);

/** Holds values against the first rule of a CDDL. */
export const hold = (text: string, accepted: readonly Cbor[], refused: readonly Cbor[]): void => {
  const cddl = loadCddl([text]);
  const rule = cddl.ruleNames[0]!;
  for (const value of accepted) {
    const verdict = cddl.validate(rule, encodeCbor(value));
    assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.path}: ${verdict.reason}`);
  }
  for (const value of refused) {
    assert.not(cddl.validate(rule, encodeCbor(value)).ok, `${text} took ${JSON.stringify(value)}`);
  }
};

/** `path: reason`, or `accepted`. */
export const failure = (text: string, value: Cbor): string => {
  const cddl = loadCddl([text]);
  const verdict = cddl.validate(cddl.ruleNames[0]!, encodeCbor(value));
  return verdict.ok ? 'accepted' : `${verdict.path}: ${verdict.reason}`;
};
