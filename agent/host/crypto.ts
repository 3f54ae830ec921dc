/** The agent's cryptography behind one port: native where it works, @noble elsewhere, the same results. */

import type { HostCrypto } from './host-crypto.ts';

/** A runtime may carry node:crypto without Ed25519 (a FIPS build): only a signature proves that it is there. */
const probed = (crypto: HostCrypto): HostCrypto => {
  const message = new Uint8Array(1);
  const signer = crypto.signerOf(new Uint8Array(32));
  if (!crypto.verify(signer.key, message, signer.sign(message)))
    throw new Error('Ed25519 does not work here');
  return crypto;
};

/** `choice` is the variable TOLLBRIDGE_CRYPTO: 'noble' asks for JavaScript, whatever the runtime has. */
export const loadCrypto = async (choice: string | undefined): Promise<HostCrypto> => {
  if (choice !== 'noble') {
    try {
      return probed((await import('./crypto-native.ts')).nativeCrypto());
    } catch {
      // No node:crypto, or none that signs: JavaScript below gives the same results, slower.
    }
  }
  return (await import('./crypto-noble.ts')).nobleCrypto();
};
