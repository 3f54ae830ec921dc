/** `Crypto` over node:crypto (OpenSSL): on every gateway, some 20 times faster than JavaScript. */

import * as openssl from 'node:crypto';
import { availableParallelism } from 'node:os';
import { equalBytes, expectBytes } from '../../schemas/bytes.ts';
import type { Sha256, Signer, Verify } from '../../schemas/crypto.ts';
import { strictVerify } from '../../schemas/identity.ts';
import type { HostCrypto } from './host-crypto.ts';

/** DER before the raw 32 bytes (RFC 8410 sections 4 and 7): OpenSSL imports nothing rawer. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Importing a key costs as much as a verification, so imported keys are kept. An agent deals with its
 * lessees, its sellers and a few settlers: 1,024 keys at about 1 kB each.
 */
const KEYS_MAX = 1024;

const HAS_THREADS = availableParallelism() > 1;

/** A plain Uint8Array over the same memory: a Buffer's `slice` shares where ours copies. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);

/** One call (Node >= 20.12) costs less than half of a Hash object. */
const sha256: Sha256 =
  typeof openssl.hash === 'function'
    ? (bytes) => plain(openssl.hash('sha256', bytes, 'buffer'))
    : (bytes) => plain(openssl.createHash('sha256').update(bytes).digest());

/** Imported public keys by their bytes, least recently used first (a Map keeps insertion order). */
const importerOf = (keysMax: number): ((key: Uint8Array) => openssl.KeyObject) => {
  const kept = new Map<string, openssl.KeyObject>();
  let last: { readonly key: Uint8Array; readonly imported: openssl.KeyObject } | undefined;
  return (key) => {
    if (last !== undefined && equalBytes(last.key, key)) return last.imported; // vouchers come in rows
    const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
    let imported = kept.get(name);
    if (imported !== undefined) kept.delete(name);
    else {
      const spki = Buffer.concat([SPKI_PREFIX, key]);
      imported = openssl.createPublicKey({ key: spki, format: 'der', type: 'spki' });
      if (kept.size >= keysMax) kept.delete(kept.keys().next().value!);
    }
    kept.set(name, imported);
    last = { key: new Uint8Array(key), imported };
    return imported;
  };
};

/** OpenSSL takes any 32 bytes as a key and answers false where they are no point. */
const verifyWith =
  (importKey: (key: Uint8Array) => openssl.KeyObject): Verify =>
  (key, message, signature) =>
    openssl.verify(null, message, importKey(key), signature);

/** Node's pool does it; the strict rule comes first, here. */
const verifyAsideWith =
  (importKey: (key: Uint8Array) => openssl.KeyObject): NonNullable<HostCrypto['verifyAside']> =>
  (key, message, signature) =>
    new Promise((resolve) => {
      if (!strictVerify(() => true)(key, message, signature)) return resolve(false);
      openssl.verify(null, message, importKey(key), signature, (error, valid) =>
        resolve(error === null && valid),
      );
    });

const signAsideWith =
  (privateKey: openssl.KeyObject): NonNullable<Signer['signAside']> =>
  (message) =>
    new Promise((resolve, reject) => {
      openssl.sign(null, message, privateKey, (error, signature) =>
        error === null ? resolve(plain(signature)) : reject(error),
      );
    });

const signerOf = (seed: Uint8Array): Signer => {
  const pkcs8 = Buffer.concat([PKCS8_PREFIX, expectBytes('seed', seed, 32)]);
  const privateKey = openssl.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const spki = openssl.createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    key: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => plain(openssl.sign(null, message, privateKey)),
    ...(HAS_THREADS && { signAside: signAsideWith(privateKey) }),
  };
};

export const nativeCrypto = (): HostCrypto => {
  const importKey = importerOf(KEYS_MAX);
  return {
    provider: 'native',
    sha256,
    verify: strictVerify(verifyWith(importKey)),
    random: (length) => plain(openssl.randomBytes(length)),
    signerOf,
    ...(HAS_THREADS && { verifyAside: verifyAsideWith(importKey) }),
  };
};
