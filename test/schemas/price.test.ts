import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NANO_MAX } from '../../schemas/amount.ts';
import { type Price, priceNanoOf, readingsPaidFloor, totalNanoFor } from '../../schemas/price.ts';

/** Up to 8 tiers; `fromMax` and `nanoMax` set how far apart and how dear they are. */
const prices = (fromMax: number, nanoMax: number): fc.Arbitrary<Price> =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 2, max: fromMax }), { maxLength: 7 }),
      fc.array(fc.integer({ min: 1, max: nanoMax }), { minLength: 8, maxLength: 8 }),
    )
    .map(([starts, nanos]) =>
      [1, ...[...starts].sort((a, b) => a - b)].map((from, i) => ({ from, priceNano: nanos[i]! })),
    );

const small = prices(30, 20);
const large = prices(NANO_MAX, NANO_MAX);
const mixed = fc.oneof(small, large, prices(1000, NANO_MAX), prices(NANO_MAX, 5));

/** The definition, one reading at a time. */
const naiveTotal = (price: Price, n: number): number => {
  let total = 0;
  for (let i = 1; i <= n; i++) total += price.filter((tier) => tier.from <= i).at(-1)!.priceNano;
  return total;
};

const naivePaid = (price: Price, totalNano: number): number => {
  let n = 0;
  while (naiveTotal(price, n + 1) <= totalNano) n++;
  return n;
};

/** In integers of any size. */
const exactTotal = (price: Price, n: number): bigint => {
  let total = 0n;
  for (const [i, tier] of price.entries()) {
    const end = BigInt(Math.min(n, (price[i + 1]?.from ?? Number.POSITIVE_INFINITY) - 1));
    if (end >= BigInt(tier.from)) total += BigInt(tier.priceNano) * (end - BigInt(tier.from) + 1n);
  }
  return total;
};

const totals = suite('totalNanoFor');

totals('adds one reading after the other', () => {
  fc.assert(
    fc.property(small, fc.nat(60), (price, n) => {
      assert.is(totalNanoFor(price, n), naiveTotal(price, n));
    }),
  );
});

totals('is exact up to 2^53 - 1 and says -1 beyond', () => {
  fc.assert(
    fc.property(mixed, fc.oneof(fc.nat(2000), fc.maxSafeNat()), (price, n) => {
      const exact = exactTotal(price, n);
      assert.is(totalNanoFor(price, n), exact <= BigInt(NANO_MAX) ? Number(exact) : -1);
    }),
  );
});

totals('grows with each reading by its price', () => {
  fc.assert(
    fc.property(mixed, fc.integer({ min: 1, max: 2000 }), (price, n) => {
      const total = totalNanoFor(price, n);
      if (total >= 0) assert.is(total - totalNanoFor(price, n - 1), priceNanoOf(price, n));
    }),
  );
});

totals.run();

const paid = suite('readingsPaidFloor');

paid('counts what a loop over readings counts', () => {
  fc.assert(
    fc.property(small, fc.nat(300), (price, totalNano) => {
      assert.is(readingsPaidFloor(price, totalNano), naivePaid(price, totalNano));
    }),
  );
});

paid('is the exact inverse: what n readings cost pays for n, and one nano less for n - 1', () => {
  fc.assert(
    fc.property(mixed, fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.maxSafeNat()), (price, n) => {
      const total = n < 1 ? -1 : totalNanoFor(price, n);
      if (total < 0) return;
      assert.is(readingsPaidFloor(price, total), n);
      assert.is(readingsPaidFloor(price, total - 1), n - 1);
    }),
  );
});

paid('never pays for more than the total, nor for one reading less than it could', () => {
  fc.assert(
    fc.property(mixed, fc.oneof(fc.maxSafeNat(), fc.constant(NANO_MAX)), (price, totalNano) => {
      const n = readingsPaidFloor(price, totalNano);
      assert.ok(exactTotal(price, n) <= BigInt(totalNano));
      assert.ok(exactTotal(price, n + 1) > BigInt(totalNano));
    }),
  );
});

paid('finds where totals pass 2^53 - 1', () => {
  fc.assert(
    fc.property(mixed, (price) => {
      const n = readingsPaidFloor(price, NANO_MAX);
      assert.is(totalNanoFor(price, n), Number(exactTotal(price, n)));
      assert.is(totalNanoFor(price, n + 1), -1);
    }),
  );
});

paid.run();
