/**
 * Noted: the settler has taken a line, a consent or a dispute into its journal, durably.
 *
 *     COSE_Sign1(["tb1/noted"], [certificate, issuedS, hash, journalIndex])
 */

import type { Verify } from './crypto.ts';
import { amount, bytes } from './fields.ts';
import { ok, type Result } from './result.ts';
import { openFromSettler, type SettlerSigner, signAsSettler } from './settler.ts';

export type Noted = {
  readonly issuedS: number;
  /** SHA-256 of the signed object, as received. */
  readonly hash: Uint8Array;
  /** The journal entry that holds it. */
  readonly journalIndex: number;
};

const FIELDS = [bytes('hash', 32), amount('journalIndex')];

export const signNoted = (noted: Noted, settler: SettlerSigner): Uint8Array =>
  signAsSettler('noted', ['tb1/noted'], noted.issuedS, [noted.hash, noted.journalIndex], FIELDS, settler);

/** Codes: those of `openFromSettler`. */
export const openNoted = (encoded: Uint8Array, settler: Uint8Array, verify: Verify): Result<Noted> => {
  const fields = openFromSettler('noted', encoded, ['tb1/noted'], FIELDS, settler, verify);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    issuedS: f[1] as number,
    hash: f[2] as Uint8Array,
    journalIndex: f[3] as number,
  });
};
