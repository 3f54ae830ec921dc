/** HMAC-SHA-256 (RFC 2104) over whatever SHA-256 there is: a chip has no other. */

import type { Sha256 } from './crypto.ts';

/** What a message carries of an HMAC: its first bytes. */
export const MAC_BYTES = 16;
const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;

/** SHA-256 of the key's block, each byte xor `pad`, and the message. */
const hashUnder = (sha256: Sha256, key: Uint8Array, pad: number, message: Uint8Array): Uint8Array => {
  const block = new Uint8Array(BLOCK_BYTES + message.length).fill(pad);
  for (let i = 0; i < key.length; i++) block[i] = key[i]! ^ pad;
  block.set(message, BLOCK_BYTES);
  return sha256(block);
};

/** 32 bytes. A key of more than a block, which RFC 2104 would hash first, is a programmer's error. */
export const hmacSha256 = (sha256: Sha256, key: Uint8Array, message: Uint8Array): Uint8Array => {
  if (key.length > BLOCK_BYTES) throw new RangeError('a key of more than ' + BLOCK_BYTES + ' bytes');
  return hashUnder(sha256, key, OUTER, hashUnder(sha256, key, INNER, message));
};
