/**
 * Prices: what reading n of a lease costs, as a pure function of the signed terms.
 *
 * Tiers `[[from, priceNano], ...]`: reading `from` and all after it cost `priceNano`, until the next tier.
 * The first tier starts at reading 1. A price is at least 1 nano, so a total always buys a finite number.
 */

import { isAmount, multiplyNano, NANO_MAX } from './amount.ts';
import type { Cbor } from './cbor.ts';
import type { Field } from './fields.ts';

export type Tier = { readonly from: number; readonly priceNano: number };
export type Price = readonly Tier[];

/** Enough for a volume rebate; more would be a table, not a price. */
export const TIERS_MAX = 8;

export const priceItem = (price: Price): Cbor => price.map((tier) => [tier.from, tier.priceNano]);

const isPriceItem = (item: Cbor): boolean => {
  if (!Array.isArray(item) || item.length === 0 || item.length > TIERS_MAX) return false;
  let last = 0;
  for (const tier of item) {
    if (!Array.isArray(tier) || tier.length !== 2 || !isAmount(tier[0]) || !isAmount(tier[1])) return false;
    if (tier[0] <= last || tier[1] < 1 || (last === 0 && tier[0] !== 1)) return false;
    last = tier[0];
  }
  return true;
};

export const priceField: Field = {
  name: 'price',
  expects:
    '1 to ' + TIERS_MAX + ' tiers [from, priceNano], the first from reading 1, rising, each at least 1 nano',
  holds: isPriceItem,
};

/** The price in an item for which `priceField` holds. */
export const priceOf = (item: Cbor): Price =>
  (item as readonly (readonly number[])[]).map((tier) => ({ from: tier[0]!, priceNano: tier[1]! }));

/** What reading `n` (from 1) costs, in nano. */
export const priceNanoOf = (price: Price, n: number): number => {
  let nano = price[0]!.priceNano;
  for (const tier of price) if (tier.from <= n) nano = tier.priceNano;
  return nano;
};

/** sum(price(1..n)) in nano, or -1 where it passes 2^53 - 1. */
export const totalNanoFor = (price: Price, n: number): number => {
  let total = 0;
  for (let i = 0; i < price.length; i++) {
    const tier = price[i]!;
    if (tier.from > n) break;
    const next = price[i + 1];
    const last = next !== undefined && next.from <= n ? next.from - 1 : n;
    const cost = multiplyNano(tier.priceNano, last - tier.from + 1);
    if (cost < 0 || cost > NANO_MAX - total) return -1;
    total += cost;
  }
  return total;
};

/** The largest n with sum(price(1..n)) <= totalNano: how many readings a total has paid for. */
export const readingsPaidFloor = (price: Price, totalNano: number): number => {
  let rest = totalNano;
  for (let i = 0; i < price.length; i++) {
    const tier = price[i]!;
    const bought = Math.floor(rest / tier.priceNano);
    const next = price[i + 1];
    if (next === undefined || bought < next.from - tier.from) return tier.from - 1 + bought;
    rest -= tier.priceNano * (next.from - tier.from);
  }
  return 0;
};
