/**
 * The meter and the payer of a chip (`spec/meter.md`): what is under their keys.
 *
 *     mac  = HMAC-SHA-256(meter key, installation)[0..16]
 *     x[n] = HMAC-SHA-256(payer secret, 0x58 | channel 32 | seq u32be | counter u32be)[0..16]
 *
 * | 0    | 1..4   | 5..36   | 37..40 | 41..56 | 57..58 | 59..62 | 63..64 |
 * | 0x4d | number | channel | seq    | anchor | ticks  | base   | window |   65 bytes, integers big-endian
 */

import { equalBytes, expectBytes, writeU16, writeU32 } from './bytes.ts';
import type { Sha256 } from './crypto.ts';
import { hmacSha256, MAC_BYTES } from './hmac.ts';
import { ok, type Result, refuse } from './result.ts';
import type { Install, Installation } from './serial.ts';
import { LINK_BYTES } from './tick.ts';

export const METER_KEY_BYTES = 32;
const INSTALLATION_BYTES = 65;
const DOMAIN_INSTALLATION = 0x4d;
const SECRET_BYTES = 41;
const DOMAIN_SECRET = 0x58;

const installationBytes = (installation: Installation): Uint8Array => {
  const bytes = new Uint8Array(INSTALLATION_BYTES);
  bytes[0] = DOMAIN_INSTALLATION;
  writeU32(bytes, 1, installation.number);
  bytes.set(expectBytes('channel', installation.channel, 32), 5);
  writeU32(bytes, 37, installation.seq);
  bytes.set(expectBytes('anchor', installation.anchor, LINK_BYTES), 41);
  writeU16(bytes, 57, installation.ticks);
  writeU32(bytes, 59, installation.base);
  writeU16(bytes, 63, installation.window);
  return bytes;
};

/** What lets an installation pass: made by whoever holds the meter's key. */
export const installationMac = (sha256: Sha256, key: Uint8Array, installation: Installation): Uint8Array => {
  expectBytes('key', key, METER_KEY_BYTES);
  return hmacSha256(sha256, key, installationBytes(installation)).subarray(0, MAC_BYTES);
};

/**
 * Whether a meter takes an installation after number `last` (0: none yet).
 * Codes: signature-invalid, voucher-stale.
 */
export const checkInstall = (
  sha256: Sha256,
  key: Uint8Array,
  last: number,
  install: Install,
): Result<Installation> => {
  if (!equalBytes(installationMac(sha256, key, install), install.mac)) {
    return refuse(
      'signature-invalid',
      'installation ' + install.number + ' is not under the key of this meter',
    );
  }
  if (install.number <= last) {
    return refuse('voucher-stale', 'installation ' + install.number + ' is not after installation ' + last);
  }
  return ok(install);
};

/** Readings that a meter delivers before it has another tick. */
export const roomOf = (credit: Installation, index: number, window: number, delivered: number): number =>
  Math.max(0, credit.base + index + window - delivered);

/** The last link of a payer's chain: `counter` has never been used before. */
export const lastLink = (
  sha256: Sha256,
  secret: Uint8Array,
  channel: Uint8Array,
  seq: number,
  counter: number,
): Uint8Array => {
  const bytes = new Uint8Array(SECRET_BYTES);
  bytes[0] = DOMAIN_SECRET;
  bytes.set(expectBytes('channel', channel, 32), 1);
  writeU32(bytes, 33, seq);
  writeU32(bytes, 37, counter);
  return hmacSha256(sha256, expectBytes('secret', secret, 32), bytes).subarray(0, LINK_BYTES);
};
