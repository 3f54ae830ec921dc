/**
 * Open: the payer asks the settler to back a channel to one payee.
 *
 *     COSE_Sign1(["tb1/open"], [payer, payee, settler, currency, limitNano, expiryS, nonce, terms])
 *
 * The channel id is the SHA-256 of that payload: an id seen once exists forever.
 */

import { equalBytes } from './bytes.ts';
import { openObject, parseObject, signObject } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import { amount, atLeast, bytes, count, currency, key, readFields, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';

export type Open = {
  readonly payer: Uint8Array;
  readonly payee: Uint8Array;
  /** Root key of the settler. */
  readonly settler: Uint8Array;
  readonly currency: string;
  readonly limitNano: number;
  readonly expiryS: number;
  readonly nonce: Uint8Array;
  /** The lease id: what the money is for. */
  readonly terms: Uint8Array;
};

export type Channel = { readonly id: Uint8Array; readonly open: Open };

const FIELDS = [
  key('payer'),
  key('payee'),
  key('settler'),
  currency('currency'),
  atLeast(1, amount('limitNano')),
  count('expiryS', U32_MAX),
  bytes('nonce', 16),
  bytes('terms', 32),
];

export const signOpen = (open: Open, payer: Signer): Uint8Array =>
  signObject(
    ['tb1/open'],
    writeFields(
      'open',
      [
        open.payer,
        open.payee,
        open.settler,
        open.currency,
        open.limitNano,
        open.expiryS,
        open.nonce,
        open.terms,
      ],
      FIELDS,
    ),
    payer,
  );

/** Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openChannel = (encoded: Uint8Array, crypto: Crypto): Result<Channel> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('open', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  if (equalBytes(f[0] as Uint8Array, f[1] as Uint8Array))
    return refuse('value-out-of-range', 'open: payer and payee must differ');
  const payload = openObject(encoded, ['tb1/open'], f[0] as Uint8Array, crypto.verify);
  if (!payload.ok) return payload;
  return ok({
    id: crypto.sha256(payload.value),
    open: {
      payer: f[0] as Uint8Array,
      payee: f[1] as Uint8Array,
      settler: f[2] as Uint8Array,
      currency: f[3] as string,
      limitNano: f[4] as number,
      expiryS: f[5] as number,
      nonce: f[6] as Uint8Array,
      terms: f[7] as Uint8Array,
    },
  });
};
