/**
 * Terms, offer and lease: what is sold, at what price, between whom.
 *
 * The buyer signs the terms (an offer); the seller signs the offer (a lease). The lease id is the SHA-256
 * of the lease as sent, and the zeroth link of its reading chain.
 *
 *     offer = COSE_Sign1(["tb1/offer"], terms) by the buyer
 *     lease = COSE_Sign1(["tb1/lease"], offer) by the seller
 */

import { equalBytes } from './bytes.ts';
import type { Cbor } from './cbor.ts';
import { openObject, parseObject, signObject } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import {
  amount,
  atLeast,
  bytes,
  count,
  currency,
  key,
  readFields,
  senmlName,
  text,
  U32_MAX,
  writeFields,
} from './fields.ts';
import { type Price, priceField, priceItem, priceOf, totalNanoFor } from './price.ts';
import { ok, type Result, refuse } from './result.ts';
import { CHAIN_TICKS_MAX } from './tick.ts';

export type Terms = {
  readonly seller: Uint8Array;
  readonly buyer: Uint8Array;
  readonly settler: Uint8Array;
  /** Name of the capability in the seller's profile. */
  readonly capability: string;
  readonly kind: string;
  /** SenML unit (RFC 8428 section 12.1). */
  readonly unit: string;
  /** SenML base name of the readings. */
  readonly baseName: string;
  /** Time of reading 1, milliseconds since 1970; reading n is due `(n - 1) * periodMs` later. */
  readonly baseTimeMs: number;
  readonly periodMs: number;
  readonly currency: string;
  readonly price: Price;
  /** Most that may be delivered and unpaid, in nano. */
  readonly windowNano: number;
  /** Ticks in a chain, 1 to 1,024. */
  readonly ticks: number;
  /** The lease ends with this reading; all of them together cost less than 2^53 nano. */
  readonly readingsMax: number;
  /** The lease ends at this time, seconds since 1970. */
  readonly expiryS: number;
  readonly nonce: Uint8Array;
};

export type Lease = {
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
  readonly terms: Terms;
};

/** A year of one reading a second is 31.5 million; a lease is renewed long before. */
export const LEASE_READINGS_MAX = 100000000;

const FIELDS = [
  key('seller'),
  key('buyer'),
  key('settler'),
  senmlName('capability'),
  text('kind'),
  text('unit'),
  senmlName('baseName'),
  amount('baseTimeMs'),
  count('periodMs', U32_MAX),
  currency('currency'),
  priceField,
  amount('windowNano'),
  atLeast(1, count('ticks', CHAIN_TICKS_MAX)),
  atLeast(1, count('readingsMax', LEASE_READINGS_MAX)),
  count('expiryS', U32_MAX),
  bytes('nonce', 16),
];

const itemOf = (terms: Terms): readonly Cbor[] => [
  terms.seller,
  terms.buyer,
  terms.settler,
  terms.capability,
  terms.kind,
  terms.unit,
  terms.baseName,
  terms.baseTimeMs,
  terms.periodMs,
  terms.currency,
  priceItem(terms.price),
  terms.windowNano,
  terms.ticks,
  terms.readingsMax,
  terms.expiryS,
  terms.nonce,
];

const termsOf = (f: readonly Cbor[]): Terms => ({
  seller: f[0] as Uint8Array,
  buyer: f[1] as Uint8Array,
  settler: f[2] as Uint8Array,
  capability: f[3] as string,
  kind: f[4] as string,
  unit: f[5] as string,
  baseName: f[6] as string,
  baseTimeMs: f[7] as number,
  periodMs: f[8] as number,
  currency: f[9] as string,
  price: priceOf(f[10]!),
  windowNano: f[11] as number,
  ticks: f[12] as number,
  readingsMax: f[13] as number,
  expiryS: f[14] as number,
  nonce: f[15] as Uint8Array,
});

const decodeTerms = (encoded: Uint8Array): Result<Terms> => {
  const fields = readFields('terms', encoded, FIELDS);
  if (!fields.ok) return fields;
  const terms = termsOf(fields.value);
  if (equalBytes(terms.seller, terms.buyer))
    return refuse('value-out-of-range', 'terms: seller and buyer must differ');
  if (totalNanoFor(terms.price, terms.readingsMax) < 0) {
    return refuse('value-out-of-range', 'terms: ' + terms.readingsMax + ' readings cost 2^53 nano or more');
  }
  return ok(terms);
};

export const signOffer = (terms: Terms, buyer: Signer): Uint8Array =>
  signObject(['tb1/offer'], writeFields('terms', itemOf(terms), FIELDS), buyer);

/** Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openOffer = (offer: Uint8Array, crypto: Crypto): Result<Terms> => {
  const envelope = parseObject(offer);
  if (!envelope.ok) return envelope;
  const terms = decodeTerms(envelope.value.payload);
  if (!terms.ok) return terms;
  const payload = openObject(offer, ['tb1/offer'], terms.value.buyer, crypto.verify);
  return payload.ok ? terms : payload;
};

export const signLease = (offer: Uint8Array, seller: Signer): Uint8Array =>
  signObject(['tb1/lease'], offer, seller);

/** Both signatures are verified. Codes: those of `openOffer`. */
export const openLease = (lease: Uint8Array, crypto: Crypto): Result<Lease> => {
  const envelope = parseObject(lease);
  if (!envelope.ok) return envelope;
  const terms = openOffer(envelope.value.payload, crypto);
  if (!terms.ok) return terms;
  const offer = openObject(lease, ['tb1/lease'], terms.value.seller, crypto.verify);
  if (!offer.ok) return offer;
  return ok({ id: crypto.sha256(lease), bytes: lease, terms: terms.value });
};
