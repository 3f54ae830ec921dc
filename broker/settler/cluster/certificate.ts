/** Whether those who pinned a settler's root will believe what a key signs: asked of a signature, as they will. */

import type { Crypto } from '../../../schemas/crypto.ts';
import type { Result } from '../../../schemas/result.ts';
import type { SettlerSigner } from '../../../schemas/settler.ts';
import { openTime, signTime } from '../../../schemas/time.ts';

const NONCE_BYTES = 16;

/** Codes: those of `openTime`: signature-invalid where the certificate is another's, or does not cover the time. */
export const believedAt = (
  timeS: number,
  signer: SettlerSigner,
  root: Uint8Array,
  crypto: Crypto,
): Result<number> => {
  const nonce = crypto.random(NONCE_BYTES);
  return openTime(signTime(nonce, timeS, signer), nonce, root, crypto.verify);
};
