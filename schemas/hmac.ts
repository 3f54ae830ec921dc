/** HMAC-SHA-256 (RFC 2104) over whatever SHA-256 there is: a chip has no other. */

import { concatBytes } from './bytes.ts';
import type { Sha256 } from './crypto.ts';

/** What a message carries of an HMAC: its first bytes. */
export const MAC_BYTES = 16;
const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;

const padded = (key: Uint8Array, pad: number): Uint8Array => {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad);
  for (let i = 0; i < key.length; i++) block[i] = key[i]! ^ pad;
  return block;
};

/** 32 bytes. A key of more than a block, which RFC 2104 would hash first, is a programmer's error. */
export const hmacSha256 = (sha256: Sha256, key: Uint8Array, message: Uint8Array): Uint8Array => {
  if (key.length > BLOCK_BYTES) throw new RangeError('a key of more than ' + BLOCK_BYTES + ' bytes');
  const inner = sha256(concatBytes([padded(key, INNER), message]));
  return sha256(concatBytes([padded(key, OUTER), inner]));
};
