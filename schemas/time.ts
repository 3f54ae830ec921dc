/**
 * Signed time: a settler's clock, bound to the nonce of whoever asked, so that an old answer proves nothing.
 *
 *     COSE_Sign1(["tb1/time", nonce], [certificate, issuedS])
 */

import type { Verify } from './crypto.ts';
import { ok, type Result } from './result.ts';
import { openFromSettler, type SettlerSigner, signAsSettler } from './settler.ts';

export const signTime = (nonce: Uint8Array, issuedS: number, settler: SettlerSigner): Uint8Array =>
  signAsSettler('time', ['tb1/time', nonce], issuedS, [], [], settler);

/** Seconds since 1970. Codes: those of `openFromSettler`. */
export const openTime = (
  encoded: Uint8Array,
  nonce: Uint8Array,
  settler: Uint8Array,
  verify: Verify,
): Result<number> => {
  const fields = openFromSettler('time', encoded, ['tb1/time', nonce], [], settler, verify);
  return fields.ok ? ok(fields.value[1] as number) : fields;
};
