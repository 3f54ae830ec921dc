/** What a provider of cryptography gives the agent: native or portable, the same results. */

import type { Crypto, Signer } from '../../schemas/crypto.ts';

export type HostCrypto = Crypto & {
  readonly provider: 'native' | 'noble';
  /** The signer of a 32-byte Ed25519 seed (RFC 8032 section 5.1.5). */
  readonly signerOf: (seed: Uint8Array) => Signer;
};
