import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { acceptOffer, limitNanoOf, makeTerms, type Selling, type Wish } from '../../agent/engine/offer.ts';
import type { Match } from '../../schemas/matching.ts';
import type { Capability } from '../../schemas/profile.ts';
import type { Terms } from '../../schemas/terms.ts';
import { dealOf, must, START_S } from '../world/deal.ts';
import { PRICE_NANO as P, START_MS } from '../world/options.ts';

const { seller, buyer, settler, stranger } = dealOf();
const CAPABILITY: Capability = {
  name: 'temperature',
  kind: 'temperature',
  unit: 'Cel',
  direction: 'sensor',
  periodMs: 1000,
  currency: 'EUR',
  price: [
    { from: 1, priceNano: P },
    { from: 101, priceNano: P / 2 },
  ],
  windowNano: 16 * P,
  ticks: 1024,
};
const MATCH: Match = {
  profile: {
    key: seller.signer.key,
    issuedS: 0,
    version: 1,
    settlers: [settler.signer.key],
    capabilities: [CAPABILITY],
  },
  capability: CAPABILITY,
  settler: settler.signer.key,
  costNano: 0,
  reliability: 0,
};
const WISH: Wish = { buyer: buyer.signer.key, readings: 1000, budgetNano: 10_000 * P, durationS: 3600 };
const NONCE = new Uint8Array(16).fill(1);
const termsOf = (wish: Partial<Wish> = {}): Terms =>
  must(makeTerms(MATCH, { ...WISH, ...wish }, START_MS, NONCE));

const making = suite('makeTerms');

making('takes price, window and period from the profile, the rest from the wish', () => {
  const terms = termsOf();
  assert.equal(terms.price, CAPABILITY.price);
  assert.is(terms.windowNano, 16 * P);
  assert.is(terms.readingsMax, 1000);
  assert.is(terms.expiryS, START_S + 3600);
  assert.equal(terms.nonce, NONCE);
});

making('asks for no more readings than the budget buys, by the tiers', () => {
  assert.is(termsOf({ budgetNano: 100 * P }).readingsMax, 100);
  assert.is(termsOf({ budgetNano: 100 * P + P / 2 }).readingsMax, 101);
  assert.is(termsOf({ budgetNano: 101 * P }).readingsMax, 102);
});

making('refuses a budget that does not buy one reading', () => {
  const refused = makeTerms(MATCH, { ...WISH, budgetNano: P - 1 }, START_MS, NONCE);
  assert.is(refused.ok ? '' : refused.code, 'budget-exhausted');
});

making('makes chains of an eighth of the lease, within the profile', () => {
  assert.is(termsOf({ readings: 1000 }).ticks, 125);
  assert.is(termsOf({ readings: 10 }).ticks, 16);
  assert.is(termsOf({ readings: 9_999_999, budgetNano: Number.MAX_SAFE_INTEGER }).ticks, 1024);
});

making(
  'asks for no more readings than the room of its channel holds, and for one less than would pass it',
  () => {
    for (const [roomNano, readings] of [
      [17 * P, 1],
      [26 * P - 1, 9],
      [26 * P, 10],
      [362 * P, 500],
      [362 * P + P / 2 - 1, 500],
      [362 * P + P / 2, 501],
    ] as const) {
      const terms = termsOf({ roomNano });
      assert.is(terms.readingsMax, readings);
      const { price, readingsMax, ticks } = terms;
      assert.ok(limitNanoOf(price, readingsMax, ticks) <= roomNano);
    }
    assert.is(termsOf({ roomNano: Number.MAX_SAFE_INTEGER }).readingsMax, 1000);
  },
);

making('refuses a room that holds no channel', () => {
  const refused = makeTerms(MATCH, { ...WISH, roomNano: 17 * P - 1 }, START_MS, NONCE);
  assert.is(refused.ok ? '' : refused.code, 'budget-exhausted');
});

making.run();

const SELLING: Selling = {
  seller: seller.signer.key,
  settlers: [stranger.signer.key, settler.signer.key],
  capabilities: [{ ...CAPABILITY, name: 'other', unit: '%RH' }, CAPABILITY],
  leases: 0,
  leasesMax: 2,
  unpaidNano: 0,
};
const answerTo = (terms: Partial<Terms>, selling: Partial<Selling> = {}): string => {
  const accepted = acceptOffer({ ...termsOf(), ...terms }, { ...SELLING, ...selling }, START_MS);
  return accepted.ok ? accepted.value.name : accepted.code;
};

const accepting = suite('acceptOffer');

accepting('takes what was made for its own profile', () => {
  assert.is(answerTo({}), 'temperature');
});

accepting('takes less risk, shorter chains and fewer readings than it offers', () => {
  assert.is(answerTo({ windowNano: P, ticks: 1, readingsMax: 1 }), 'temperature');
});

accepting('refuses every term it did not offer', () => {
  const cheaper = [{ from: 1, priceNano: P - 1 }];
  const wrong: readonly Partial<Terms>[] = [
    { seller: stranger.signer.key },
    { capability: 'humidity' },
    { kind: 'humidity' },
    { unit: 'K' },
    { currency: 'USD' },
    { price: cheaper },
    {
      price: [
        { from: 1, priceNano: P },
        { from: 51, priceNano: P / 2 },
      ],
    },
    { windowNano: 16 * P + 1 },
    { ticks: 1025 },
    { readingsMax: 0 },
    { expiryS: START_S + 60 },
    { expiryS: START_S + 400 * 86_400 },
  ];
  for (const terms of wrong) assert.is(answerTo(terms), 'terms-unacceptable', JSON.stringify(terms));
});

accepting('refuses settlers it did not pin, buyers that owe a window, and more leases than it has', () => {
  assert.is(answerTo({ settler: buyer.signer.key }), 'settler-unpinned');
  assert.is(answerTo({}, { unpaidNano: 16 * P }), 'exposure-exceeded');
  assert.is(answerTo({}, { unpaidNano: 16 * P - 1 }), 'temperature');
  assert.is(answerTo({}, { leases: 2 }), 'lease-full');
});

accepting.run();
