/** Deal: the keys of everyone, a lease that both signed, its channel and grant. What a robber starts from. */

import type { Ports } from '../../agent/engine/effects.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { type Grant, signGrant } from '../../schemas/grant.ts';
import { type Channel, type Open, openChannel, signOpen } from '../../schemas/open.ts';
import { totalNanoFor } from '../../schemas/price.ts';
import type { Result } from '../../schemas/result.ts';
import type { SettlerSigner } from '../../schemas/settler.ts';
import { type Lease, openLease, signLease, signOffer, type Terms } from '../../schemas/terms.ts';
import { chanceOf } from './chance.ts';
import { PRICE_NANO, START_MS } from './options.ts';

const native = nativeCrypto();
export const START_S = START_MS / 1000;

/** The value of an answer that must not be a refusal. */
export const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

export type Deal = {
  readonly crypto: Crypto;
  readonly seller: Ports;
  readonly buyer: Ports;
  readonly settler: Ports;
  /** A party to nothing, with a good key. */
  readonly stranger: Ports;
  readonly terms: Terms;
  readonly lease: Lease;
  readonly openBytes: Uint8Array;
  readonly channel: Channel;
  readonly grantBytes: Uint8Array;
};

export type Wish = Partial<Terms> & { readonly seed?: number; readonly limitNano?: number };

const termsFor = (keys: Pick<Deal, 'seller' | 'buyer' | 'settler'>, wish: Wish, nonce: Uint8Array): Terms => {
  const { seed: _seed, limitNano: _limitNano, ...terms } = wish;
  return {
    seller: keys.seller.signer.key,
    buyer: keys.buyer.signer.key,
    settler: keys.settler.signer.key,
    capability: 'temperature',
    kind: 'temperature',
    unit: 'Cel',
    baseName: 'temperature',
    baseTimeMs: START_MS,
    periodMs: 20,
    currency: 'EUR',
    price: [{ from: 1, priceNano: PRICE_NANO }],
    windowNano: 16 * PRICE_NANO,
    ticks: 64,
    readingsMax: 1000,
    expiryS: START_S + 86_400,
    nonce,
    ...terms,
  };
};

/** The open of a lease, as an honest buyer signs it, or with `other` in it. */
export const openFor = (
  deal: Pick<Deal, 'buyer' | 'terms' | 'lease'>,
  other: Partial<Open> = {},
): Uint8Array => {
  const { seller, buyer, settler, currency, price, readingsMax, ticks, expiryS, nonce } = deal.terms;
  const limitNano = totalNanoFor(price, readingsMax) + ticks * price[0]!.priceNano;
  const open = { payer: buyer, payee: seller, settler, currency, limitNano, nonce, terms: deal.lease.id };
  return signOpen({ ...open, expiryS: expiryS + 3600, ...other }, deal.buyer.signer);
};

/** The grant for a channel, as the settler signs it, or with `other` in it, or by another. */
export const grantFor = (
  deal: Pick<Deal, 'settler' | 'channel'>,
  other: Partial<Grant> = {},
  signer: SettlerSigner = { signer: deal.settler.signer, certificate: null },
): Uint8Array => {
  const { limitNano, expiryS } = deal.channel.open;
  const grant: Grant = { issuedS: START_S, version: 1, limitNano, expiryS, backing: 'deposit' };
  return signGrant(deal.channel.id, { ...grant, ...other }, signer);
};

export const dealOf = (wish: Wish = {}): Deal => {
  const chance = chanceOf(wish.seed ?? 1);
  const crypto: Crypto = { ...native, random: chance.bytes };
  const portsOf = (): Ports => ({ crypto, signer: native.signerOf(chance.bytes(32)) });
  const parties = { seller: portsOf(), buyer: portsOf(), settler: portsOf(), stranger: portsOf() };
  const terms = termsFor(parties, wish, chance.bytes(16));
  const offer = signOffer(terms, parties.buyer.signer);
  const lease = must(openLease(signLease(offer, parties.seller.signer), crypto));
  const other = wish.limitNano === undefined ? {} : { limitNano: wish.limitNano };
  const openBytes = openFor({ ...parties, terms, lease }, other);
  const channel = must(openChannel(openBytes, crypto));
  const grantBytes = grantFor({ ...parties, channel });
  return { crypto, ...parties, terms, lease, openBytes, channel, grantBytes };
};
