/**
 * `Crypto` in JavaScript (@noble), for runtimes without node:crypto and as the witness of the native one.
 *
 * Deviation from @noble's own `verify`: that one multiplies by the cofactor, which accepts keys and
 * signatures with a component of small order that OpenSSL refuses. Here the equation of
 * `schemas/identity.ts` is evaluated as it stands there: [S]B - [k]A encodes to exactly R.
 */

import * as ed from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, expectBytes } from '../../schemas/bytes.ts';
import type { Signer, Verify } from '../../schemas/crypto.ts';
import { strictVerify } from '../../schemas/identity.ts';
import type { HostCrypto } from './host-crypto.ts';

/** Most bytes of one getRandomValues call (W3C Web Cryptography API, section 10.1.1). */
const RANDOM_BYTES_MAX = 65536;

const GROUP_ORDER = ed.Point.CURVE().n;

const littleEndian = (bytes: Uint8Array): bigint => {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
};

const verify: Verify = (key, message, signature) => {
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const k = littleEndian(sha512(concatBytes([r, key, message]))) % GROUP_ORDER;
  let a: ed.Point;
  try {
    a = ed.Point.fromBytes(key);
  } catch {
    return false; // not on the curve
  }
  const sB = ed.Point.BASE.multiply(s, false);
  return equalBytes(sB.subtract(a.multiply(k, false)).toBytes(), r);
};

const signerOf = (seed: Uint8Array): Signer => {
  const secret = new Uint8Array(expectBytes('seed', seed, 32));
  return { key: ed.getPublicKey(secret), sign: (message) => ed.sign(message, secret) };
};

const random = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_BYTES_MAX) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES_MAX));
  }
  return bytes;
};

export const nobleCrypto = (): HostCrypto => {
  ed.hashes.sha512 = sha512;
  return { provider: 'noble', sha256, verify: strictVerify(verify), random, signerOf };
};
