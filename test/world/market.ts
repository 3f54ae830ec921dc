/** What a world has of a market and of a settler: one capability on offer, one wish, one deposit. */

import type { Ports } from '../../agent/engine/effects.ts';
import { acceptOffer, makeTerms } from '../../agent/engine/offer.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { createSettler, type Settler } from '../../broker/settler/settler.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { type Price, totalNanoFor } from '../../schemas/price.ts';
import type { Capability } from '../../schemas/profile.ts';
import type { Result } from '../../schemas/result.ts';
import { type Lease, openLease, openOffer, signLease, type Terms } from '../../schemas/terms.ts';
import { must } from './deal.ts';
import { DEPOSIT_NANO, PRICE_NANO, type WorldOptions } from './options.ts';

export type Keys = {
  readonly seller: Ports;
  readonly buyer: Ports;
  readonly settler: Ports;
  /** A party to nothing, with a good key. */
  readonly stranger: Ports;
};

export const capabilityOf = (options: WorldOptions): Capability => {
  const price: Price = options.price ?? [{ from: 1, priceNano: PRICE_NANO }];
  return {
    name: 'temperature',
    kind: 'temperature',
    unit: 'Cel',
    direction: 'sensor',
    periodMs: options.periodMs ?? 20,
    currency: 'EUR',
    price,
    windowNano: (options.window ?? 16) * price[0]!.priceNano,
    ticks: options.ticks ?? 1024,
  };
};

/** What the buyer proposes for the seller's profile. */
export const termsOf = (keys: Keys, capability: Capability, options: WorldOptions, nowMs: number): Terms => {
  const settler = keys.settler.signer.key;
  const profile = {
    key: keys.seller.signer.key,
    issuedS: 0,
    version: 1,
    settlers: [settler],
    capabilities: [capability],
  };
  const costNano = totalNanoFor(capability.price, options.readings);
  const match = { profile, capability, settler, costNano, reliability: 500 };
  const wish = {
    buyer: keys.buyer.signer.key,
    readings: options.readings,
    budgetNano: options.budgetNano ?? DEPOSIT_NANO / 2,
    durationS: options.durationS ?? 86_400,
  };
  return must(makeTerms(match, wish, nowMs, keys.buyer.crypto.random(16)));
};

/** The part of a seller's shell that makes a lease of an offer. */
export const leaseOf = (
  keys: Keys,
  capability: Capability,
  offer: Uint8Array,
  nowMs: number,
): Result<Lease> => {
  const { crypto, signer } = keys.seller;
  const terms = openOffer(offer, crypto);
  if (!terms.ok) return terms;
  const selling = {
    seller: signer.key,
    settlers: [keys.settler.signer.key],
    capabilities: [capability],
    leases: 0,
    leasesMax: 1,
    unpaidNano: 0,
  };
  const accepted = acceptOffer(terms.value, selling, nowMs);
  return accepted.ok ? openLease(signLease(offer, signer), crypto) : accepted;
};

/** The real settler, with a deposit of the buyer. */
export const openSettler = async (keys: Keys, store: Store, nowMs: () => number): Promise<Settler> => {
  const { signer, crypto } = keys.settler;
  const settler = await createSettler({
    store,
    root: signer.key,
    signer: { signer, certificate: null },
    crypto,
    nowMs,
    log: () => {},
    currencies: ['EUR'],
    limits: { lingerMs: 0, sweepMs: 0, claimsPerS: 1000, opensPerS: 1000 },
  });
  const owner = keys.buyer.signer.key;
  const deposit = { reference: 'first', owner, currency: 'EUR', nano: BigInt(DEPOSIT_NANO) };
  must(await bookDeposit(store, deposit, nowMs(), crypto.sha256));
  return must(settler);
};
