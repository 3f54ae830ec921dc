/** Offers: the terms a buyer proposes for a match, and whether a seller takes them. */

import { addNano, multiplyNano } from '../../schemas/amount.ts';
import { equalBytes } from '../../schemas/bytes.ts';
import { U32_MAX } from '../../schemas/fields.ts';
import type { Match } from '../../schemas/matching.ts';
import { type Price, priceNanoOf, readingsPaidFloor, totalNanoFor } from '../../schemas/price.ts';
import type { Capability } from '../../schemas/profile.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { LEASE_READINGS_MAX, type Terms } from '../../schemas/terms.ts';
import { EXPIRY_MARGIN_S } from './effects.ts';

/** What a buyer wants of the lease it proposes. */
export type Wish = {
  readonly buyer: Uint8Array;
  readonly readings: number;
  /** Most that the whole lease may cost. */
  readonly budgetNano: number;
  /** Most that its channel may reserve, where the buyer's owner has set a budget. */
  readonly roomNano?: number;
  readonly durationS: number;
};

/** What a seller has to offer, and how much of it is taken. */
export type Selling = {
  readonly seller: Uint8Array;
  readonly settlers: readonly Uint8Array[];
  readonly capabilities: readonly Capability[];
  readonly leases: number;
  readonly leasesMax: number;
  /** What this buyer still owes from leases that ended. */
  readonly unpaidNano: number;
};

/** A lease longer than this is renewed instead. */
const LEASE_S_MAX = 366 * 86400;
const CHAINS_PER_LEASE = 8;
const TICKS_MIN = 16;

/** Chains of about an eighth of the lease: the deposit held back for the last one stays small. */
const ticksFor = (readings: number, ticksMax: number): number =>
  Math.max(1, Math.min(ticksMax, Math.max(TICKS_MIN, Math.floor(readings / CHAINS_PER_LEASE))));

const dearestNano = (price: Price): number => {
  let nano = 0;
  for (const tier of price) nano = Math.max(nano, tier.priceNano);
  return nano;
};

/** What a channel reserves: all readings, and room for the last chain; the plain total where that would pass 2^53. */
export const limitNanoOf = (price: Price, readings: number, ticks: number): number => {
  const totalNano = totalNanoFor(price, readings);
  const chainNano = multiplyNano(ticks, dearestNano(price));
  const limitNano = chainNano < 0 ? -1 : addNano(totalNano, chainNano);
  return limitNano < 0 ? totalNano : limitNano;
};

/** The most readings, up to `most`, whose channel fits the room: the limit rises with them. */
const readingsWithin = (capability: Capability, most: number, roomNano: number): number => {
  let fit = 0;
  let over = most + 1;
  while (over - fit > 1) {
    const n = Math.floor((fit + over) / 2);
    if (limitNanoOf(capability.price, n, ticksFor(n, capability.ticks)) <= roomNano) fit = n;
    else over = n;
  }
  return fit;
};

/** The terms for the best match; budget-exhausted where not one reading fits the budget. */
export const makeTerms = (match: Match, wish: Wish, nowMs: number, nonce: Uint8Array): Result<Terms> => {
  const capability = match.capability;
  const affordable = readingsPaidFloor(capability.price, wish.budgetNano);
  const most = Math.min(wish.readings, affordable, LEASE_READINGS_MAX);
  if (most < 1) {
    return refuse('budget-exhausted', 'a budget of ' + wish.budgetNano + ' nano does not buy one reading');
  }
  const readings = wish.roomNano === undefined ? most : readingsWithin(capability, most, wish.roomNano);
  if (readings < 1) {
    const leastNano = limitNanoOf(capability.price, 1, ticksFor(1, capability.ticks));
    return refuse(
      'budget-exhausted',
      'the smallest channel reserves ' + leastNano + ' nano, the owner leaves ' + wish.roomNano + ' nano',
    );
  }
  return ok({
    seller: match.profile.key,
    buyer: wish.buyer,
    settler: match.settler,
    capability: capability.name,
    kind: capability.kind,
    unit: capability.unit,
    baseName: capability.name,
    baseTimeMs: nowMs,
    periodMs: capability.periodMs,
    currency: capability.currency,
    price: capability.price,
    windowNano: capability.windowNano,
    ticks: ticksFor(readings, capability.ticks),
    readingsMax: readings,
    expiryS: Math.floor(nowMs / 1000) + wish.durationS,
    nonce: nonce,
  });
};

const samePrice = (a: Price, b: Price): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]!.from !== b[i]!.from || a[i]!.priceNano !== b[i]!.priceNano) return false;
  }
  return true;
};

const capabilityNamed = (selling: Selling, name: string): Capability | null => {
  for (const capability of selling.capabilities) if (capability.name === name) return capability;
  return null;
};

const holdsKey = (keys: readonly Uint8Array[], key: Uint8Array): boolean => {
  for (const held of keys) if (equalBytes(held, key)) return true;
  return false;
};

const unacceptable = (detail: string): Result<Capability> => refuse('terms-unacceptable', detail);

/** Codes: terms-unacceptable, settler-unpinned, lease-full, exposure-exceeded. */
export const acceptOffer = (terms: Terms, selling: Selling, nowMs: number): Result<Capability> => {
  const nowS = Math.floor(nowMs / 1000);
  const capability = capabilityNamed(selling, terms.capability);
  if (!equalBytes(terms.seller, selling.seller)) return unacceptable('the offer names another seller');
  if (capability === null) return unacceptable('no capability here is called ' + terms.capability);
  if (terms.kind !== capability.kind || terms.unit !== capability.unit)
    return unacceptable('kind or unit differ');
  if (terms.currency !== capability.currency || !samePrice(terms.price, capability.price)) {
    return unacceptable('the price is ' + priceNanoOf(capability.price, 1) + ' nano ' + capability.currency);
  }
  if (terms.windowNano > capability.windowNano)
    return unacceptable('window over ' + capability.windowNano + ' nano');
  if (terms.ticks > capability.ticks)
    return unacceptable('chains are at most ' + capability.ticks + ' ticks');
  if (terms.readingsMax < 1) return unacceptable('a lease is for at least one reading');
  if (terms.expiryS <= nowS + EXPIRY_MARGIN_S) return unacceptable('the lease would end within the margin');
  if (terms.expiryS > Math.min(nowS + LEASE_S_MAX, U32_MAX))
    return unacceptable('a lease lasts a year at most');
  if (!holdsKey(selling.settlers, terms.settler))
    return refuse('settler-unpinned', 'that settler is not pinned here');
  if (selling.unpaidNano >= capability.windowNano) {
    return refuse('exposure-exceeded', selling.unpaidNano + ' nano of an earlier lease are unpaid');
  }
  if (selling.leases >= selling.leasesMax) {
    return refuse('lease-full', 'all ' + selling.leasesMax + ' leases are taken; try again later');
  }
  return ok(capability);
};
