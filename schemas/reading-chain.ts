/** The hash chain over readings: what the payer held when it signed. `h[0]` = lease id. */

import { concatBytes, writeU32 } from './bytes.ts';
import type { Sha256 } from './crypto.ts';

/** h[n] = SHA-256(h[n-1] | n u32be | the reading as sent, in plaintext). */
export const nextHead = (sha256: Sha256, head: Uint8Array, n: number, reading: Uint8Array): Uint8Array => {
  const counter = new Uint8Array(4);
  writeU32(counter, 0, n);
  return sha256(concatBytes([head, counter, reading]));
};
