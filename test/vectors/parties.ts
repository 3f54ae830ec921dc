/** Who signs in the vectors: seeds in plain sight, so every byte can be made again. */

import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { hex, unhex } from './notation.ts';

export const crypto = nativeCrypto();

/** 32 (or `length`) bytes of one value. */
export const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);

export const SEEDS = {
  seller: hex(filled(0x01)),
  buyer: hex(filled(0x02)),
  root: hex(filled(0x03)),
  signing: hex(filled(0x04)),
  stranger: hex(filled(0x05)),
  owner: hex(filled(0x06)),
} as const;
export type Role = keyof typeof SEEDS;

const signers = new Map<string, Signer>();

const signerOf = (seed: string): Signer => {
  const known = signers.get(seed) ?? crypto.signerOf(unhex(seed));
  signers.set(seed, known);
  return known;
};

export const signer = (role: Role): Signer => signerOf(SEEDS[role]);
export const keyOf = (role: Role): Uint8Array => signer(role).key;
