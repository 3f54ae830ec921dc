/** The vectors of prices: totals, what a total pays for, and tiers that are none. */

import { type Cbor, encodeCbor } from '../../schemas/cbor.ts';
import { type Price, priceItem, priceNanoOf, readingsPaidFloor, totalNanoFor } from '../../schemas/price.ts';
import type { Code } from '../../schemas/result.ts';
import { hex, type Json, toJson } from './notation.ts';

const NANO_MAX = 9007199254740991;

/** The totals are `null` where they pass 2^53 - 1. */
const good = (name: string, price: Price, counts: readonly number[], totals: readonly number[]): Json => ({
  name,
  value: toJson(price),
  bytes: hex(encodeCbor(priceItem(price))),
  readings: counts.map((n) => {
    const total = totalNanoFor(price, n);
    return { n, priceNano: priceNanoOf(price, n), totalNano: total < 0 ? null : total };
  }),
  paid: totals.map((totalNano) => ({ totalNano, readings: readingsPaidFloor(price, totalNano) })),
});

const bad = (name: string, item: Cbor, form?: 'well-formed'): Json => ({
  name,
  code: 'value-out-of-range' satisfies Code,
  wellFormed: form === undefined ? undefined : true,
  bytes: hex(encodeCbor(item)),
});

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((from) => [from, 10]);

const badPrices = (): readonly Json[] => [
  bad('a number', 50000),
  bad('no tier', []),
  bad('nine tiers', NINE),
  bad('a tier of one', [[1]]),
  bad('a tier of three', [[1, 5, 5]]),
  bad('a first tier from reading 0', [[0, 5]]),
  bad('a first tier from reading 2', [[2, 5]]),
  bad('a price of nothing', [[1, 0]]),
  bad('a negative price', [[1, -5]]),
  bad(
    'tiers that repeat',
    [
      [1, 5],
      [4, 5],
      [4, 6],
    ],
    'well-formed',
  ),
  bad(
    'tiers that go back',
    [
      [1, 5],
      [9, 5],
      [4, 6],
    ],
    'well-formed',
  ),
];

export const priceFile = (): Json => {
  return {
    spec: 'schemas/spec/terms.md',
    good: [
      good('one price', [{ from: 1, priceNano: 50000 }], [1, 2, 300], [0, 49999, 50000, 99999, 15000000]),
      good(
        'a rebate',
        [
          { from: 1, priceNano: 10 },
          { from: 4, priceNano: 7 },
          { from: 6, priceNano: 1 },
        ],
        [1, 3, 4, 5, 6, 100],
        [9, 10, 29, 30, 36, 37, 43, 44, 45, 139],
      ),
      good(
        'a price that rises',
        [
          { from: 1, priceNano: 1 },
          { from: 3, priceNano: 100 },
        ],
        [2, 3, 4],
        [1, 2, 101, 102, 201, 202],
      ),
      good('the smallest price', [{ from: 1, priceNano: 1 }], [NANO_MAX], [NANO_MAX]),
      good('the largest price', [{ from: 1, priceNano: NANO_MAX }], [1, 2], [NANO_MAX - 1, NANO_MAX]),
      good(
        'tiers that pass 2^53 - 1 only together',
        [
          { from: 1, priceNano: 4503599627370496 },
          { from: 2, priceNano: 4503599627370495 },
          { from: 3, priceNano: 1 },
        ],
        [1, 2, 3],
        [4503599627370495, NANO_MAX],
      ),
      good('a total at 2^53 - 1', [{ from: 1, priceNano: 6361 }], [1416003655831, 1416003655832], [NANO_MAX]),
    ],
    bad: badPrices(),
  };
};
