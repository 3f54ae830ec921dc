/**
 * Consent: an owner lets compression put new debts to other consenting owners in the place of its old ones.
 *
 *     COSE_Sign1(["tb1/consent"], [owner, settler, currency, version, counterpartyNano, expiryS]) by the owner
 */

import { openObject, parseObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, count, currency, key, readFields, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result } from './result.ts';

export type Consent = {
  readonly owner: Uint8Array;
  /** Root key of the settler. */
  readonly settler: Uint8Array;
  readonly currency: string;
  /** Of an owner with a settler and in a currency the highest version counts. */
  readonly version: number;
  /** The most that a new debt to or from one other owner may come to; 0 takes the consent back. */
  readonly counterpartyNano: number;
  /** 0: it does not expire. */
  readonly expiryS: number;
};

const FIELDS = [
  key('owner'),
  key('settler'),
  currency('currency'),
  count('version', U32_MAX),
  amount('counterpartyNano'),
  count('expiryS', U32_MAX),
];

export const signConsent = (consent: Consent, owner: Signer): Uint8Array =>
  signObject(
    ['tb1/consent'],
    writeFields(
      'consent',
      [
        consent.owner,
        consent.settler,
        consent.currency,
        consent.version,
        consent.counterpartyNano,
        consent.expiryS,
      ],
      FIELDS,
    ),
    owner,
  );

/** Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openConsent = (encoded: Uint8Array, verify: Verify): Result<Consent> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('consent', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  const payload = openObject(encoded, ['tb1/consent'], f[0] as Uint8Array, verify);
  if (!payload.ok) return payload;
  return ok({
    owner: f[0] as Uint8Array,
    settler: f[1] as Uint8Array,
    currency: f[2] as string,
    version: f[3] as number,
    counterpartyNano: f[4] as number,
    expiryS: f[5] as number,
  });
};
