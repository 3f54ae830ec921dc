/** The signer of a key file; the first start makes the file. */

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Signer } from '../schemas/crypto.ts';
import { ok, type Result } from '../schemas/result.ts';
import type { HostCrypto } from './host/host-crypto.ts';
import { createKey, loadKey } from './host/key-file.ts';
import { storageRefusal } from './host/storage.ts';

/** Codes: key-file, storage-full, storage-failed (its directory cannot be made). */
export const openSigner = (path: string, crypto: HostCrypto): Result<Signer> => {
  if (!existsSync(path)) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    } catch (raised) {
      return storageRefusal(raised, 'make the directory of', path);
    }
    const made = createKey(path, crypto.random(32), crypto.random(8));
    if (!made.ok) return made;
  }
  const seed = loadKey(path);
  return seed.ok ? ok(crypto.signerOf(seed.value)) : seed;
};
