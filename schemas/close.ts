/**
 * Close: a party gives up the rest of a channel. The payee's signature is enough; the payer's needs the
 * payee's as well, or expiry plus grace.
 *
 *     COSE_Sign1(["tb1/close", channel], [totalNano])
 */

import { openObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, readFields, writeFields } from './fields.ts';
import { ok, type Result } from './result.ts';

const FIELDS = [amount('totalNano')];

export const signClose = (channel: Uint8Array, totalNano: number, signer: Signer): Uint8Array =>
  signObject(['tb1/close', channel], writeFields('close', [totalNano], FIELDS), signer);

/**
 * The total at which `key` closes, in nano.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid.
 */
export const openClose = (
  encoded: Uint8Array,
  channel: Uint8Array,
  key: Uint8Array,
  verify: Verify,
): Result<number> => {
  const payload = openObject(encoded, ['tb1/close', channel], key, verify);
  if (!payload.ok) return payload;
  const fields = readFields('close', payload.value, FIELDS);
  return fields.ok ? ok(fields.value[0] as number) : fields;
};
