/**
 * What the pure code asks of cryptography. Providers (native, noble, a chip) live outside this folder
 * and are passed in; every one of them obeys the strict Ed25519 rule of `identity.ts`.
 */

/** SHA-256 of the bytes: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Ed25519 (RFC 8032), strict: 32-byte key, any message, 64-byte signature. */
export type Verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** A key that signs: its public half, 32 bytes, and a function to a 64-byte Ed25519 signature. */
export type Signer = {
  readonly key: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** `sign` on another thread, where the machine has one to spare. */
  readonly signAside?: (message: Uint8Array) => Promise<Uint8Array>;
};

/** `random(n)`: n bytes from a cryptographic source. */
export type Crypto = {
  readonly sha256: Sha256;
  readonly verify: Verify;
  readonly random: (length: number) => Uint8Array;
  /** `verify` on another thread, where the machine has one to spare. */
  readonly verifyAside?: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;
};
