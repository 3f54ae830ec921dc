/**
 * Who is who: an Ed25519 key, its short id for topics, its did:key for people, and the strict door.
 *
 * Verifiers disagree about edge cases, and money must not depend on which one a party runs. The rule
 * everywhere (`spec/identity.md`): the key and R are canonical and of no small order, S is below the group
 * order (RFC 8032 section 5.1.7), and the equation holds **without** the cofactor: [S]B = R + [k]A. The
 * door checks everything but the equation; a raw provider behind it decides the equation and nothing else.
 */

import { toBase32 } from './base32.ts';
import { fromBase58, toBase58 } from './base58.ts';
import { expectBytes, fromHex, isBytes } from './bytes.ts';
import type { Sha256, Verify } from './crypto.ts';
import { ok, type Result, refuse } from './result.ts';

/** 128 bits of a hash in base32: 26 letters, at most a MQTT 3.1 client id and well inside one topic level. */
const ID_LENGTH = 26;
const ID_BYTES = 16;

/** The y coordinates of the eight points of small order (orders 4, 1, 2, 8, 8), little-endian, sign bit clear. */
const SMALL_ORDER_Y = [
  fromHex('0000000000000000000000000000000000000000000000000000000000000000')!,
  fromHex('0100000000000000000000000000000000000000000000000000000000000000')!,
  fromHex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')!,
  fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')!,
  fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')!,
];

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')!;

/** The first 16 bytes of a hash as they stand in topics: of a key (its id) and of a lease alike. */
export const labelOf = (hash: Uint8Array): string =>
  toBase32(expectBytes('hash', hash, 32).subarray(0, ID_BYTES));

/** The id of a key: its topic level, MQTT user name and file name. */
export const idOf = (key: Uint8Array, sha256: Sha256): string => labelOf(sha256(expectBytes('key', key, 32)));

/** The letters whose last two bits are clear: 26 letters carry 130 bits for 128. */
const LAST_LETTERS = 'aeimquy4';

/**
 * Whether the text could be an id or a lease label: the one form that `labelOf` writes. A broker asks for
 * each message, so nothing is decoded.
 */
export const isId = (text: string): boolean => {
  if (text.length !== ID_LENGTH || LAST_LETTERS.indexOf(text.charAt(ID_LENGTH - 1)) < 0) return false;
  for (let i = 0; i < ID_LENGTH; i++) {
    const letter = text.charCodeAt(i);
    if ((letter < 97 || letter > 122) && (letter < 50 || letter > 55)) return false;
  }
  return true;
};

/** y < 2^255 - 19 in the 32 bytes before `end`. */
const isCanonicalY = (bytes: Uint8Array, end: number): boolean => {
  if ((bytes[end - 1]! & 0x7f) !== 0x7f) return true;
  for (let i = end - 2; i > end - 32; i--) {
    if (bytes[i] !== 0xff) return true;
  }
  return bytes[end - 32]! < 0xed;
};

/** Both signs of x are meant: the non-canonical "-0" of RFC 8032 section 5.1.3 occurs only at small order. */
const isSmallOrder = (bytes: Uint8Array): boolean => {
  for (const y of SMALL_ORDER_Y) {
    let i = 0;
    while (i < 31 && bytes[i] === y[i]) i++;
    if (i === 31 && (bytes[31]! & 0x7f) === y[31]) return true;
  }
  return false;
};

const isScalar = (bytes: Uint8Array, at: number): boolean => {
  for (let i = 31; i >= 0; i--) {
    if (bytes[at + i] !== GROUP_ORDER[i]) return bytes[at + i]! < GROUP_ORDER[i]!;
  }
  return false;
};

/** An acceptable public key: 32 bytes, canonical, not of small order. (Off the curve nothing verifies.) */
export const isKey = (key: unknown): key is Uint8Array =>
  isBytes(key, 32) && isCanonicalY(key, 32) && !isSmallOrder(key);

/** An acceptable signature R | S: 64 bytes, R as a key must be, S below the group order. */
export const isSignature = (signature: unknown): signature is Uint8Array =>
  isBytes(signature, 64) &&
  isCanonicalY(signature, 32) &&
  !isSmallOrder(signature) &&
  isScalar(signature, 32);

/** A raw provider of the equation behind the door: what every `Verify` of this system is. */
export const strictVerify =
  (verify: Verify): Verify =>
  (key, message, signature) =>
    isKey(key) && isSignature(signature) && verify(key, message, signature);

const DID_PREFIX = 'did:key:z';

/** did:key:z6Mk…: the multicodec 0xed 0x01 and the key in base58btc (W3C CCG did:key, section 3.1.1). */
export const didKey = (key: Uint8Array): string => {
  const prefixed = new Uint8Array(34);
  prefixed[0] = 0xed;
  prefixed[1] = 0x01;
  prefixed.set(expectBytes('key', key, 32), 2);
  return DID_PREFIX + toBase58(prefixed);
};

/** Of what was written instead of a did:key, which has 56. */
const SHOWN_CHARS = 60;

/** The key that a did:key names. Code: key-unacceptable. */
export const keyOfDid = (text: string): Result<Uint8Array> => {
  const prefixed = text.indexOf(DID_PREFIX) === 0 ? fromBase58(text.slice(DID_PREFIX.length)) : undefined;
  if (prefixed === undefined || prefixed.length !== 34 || prefixed[0] !== 0xed || prefixed[1] !== 0x01) {
    return refuse(
      'key-unacceptable',
      `"${text.slice(0, SHOWN_CHARS)}" is no Ed25519 key: write did:key:z6Mk...`,
    );
  }
  const key = new Uint8Array(prefixed.subarray(2));
  return isKey(key)
    ? ok(key)
    : refuse('key-unacceptable', `${text} is not canonical, or of small order: make another key`);
};
