import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Demand } from '../../schemas/demand.ts';
import { type Candidate, RELIABILITY_UNKNOWN, rankMatches } from '../../schemas/matching.ts';
import type { Price } from '../../schemas/price.ts';
import type { Capability, Profile } from '../../schemas/profile.ts';
import { CAPABILITY } from '../vectors/markets.ts';
import { filled, keyOf } from '../vectors/parties.ts';

const DEMAND: Demand = {
  settlers: [keyOf('root'), keyOf('signing')],
  kind: CAPABILITY.kind,
  unit: CAPABILITY.unit,
  currency: CAPABILITY.currency,
  priceNanoMax: 60000,
  readings: 300,
};

const flat = (priceNano: number): Price => [{ from: 1, priceNano }];

const profileOf = (key: Uint8Array, capabilities: readonly Capability[]): Profile => ({
  key,
  issuedS: 1,
  version: 1,
  settlers: [keyOf('signing'), keyOf('root')],
  capabilities,
});

/** A candidate with one capability that differs from the usual in some fields. */
const candidate = (
  fill: number,
  differs: Partial<Capability>,
  reliability = RELIABILITY_UNKNOWN,
): Candidate => ({
  profile: profileOf(filled(fill), [{ ...CAPABILITY, ...differs }]),
  reliability,
});

const sellers = (demand: Demand, candidates: readonly Candidate[]): readonly number[] =>
  rankMatches(demand, candidates).map((match) => match.profile.key[0]!);

const ranking = suite('rankMatches');

ranking('keeps what is of the kind, unit, currency and direction that is wanted', () => {
  const others: readonly Partial<Capability>[] = [
    { kind: 'pressure' },
    { unit: 'K' },
    { currency: 'CHF' },
    { direction: 'actuator' },
  ];
  assert.equal(sellers(DEMAND, [candidate(1, {})]), [1]);
  for (const other of others) assert.equal(sellers(DEMAND, [candidate(1, other)]), []);
});

ranking('drops what has a tier above the maximum price, however late', () => {
  const late: Price = [
    { from: 1, priceNano: 1 },
    { from: 100000, priceNano: 60001 },
  ];
  assert.equal(sellers(DEMAND, [candidate(1, { price: late }), candidate(2, { price: flat(60000) })]), [2]);
});

ranking('is not lured by a cheap first reading', () => {
  const lure: Price = [
    { from: 1, priceNano: 1 },
    { from: 2, priceNano: 59999 },
  ];
  const matches = rankMatches(DEMAND, [candidate(1, { price: lure }), candidate(2, { price: flat(50000) })]);
  assert.equal(
    matches.map((match) => [match.profile.key[0], match.costNano]),
    [
      [2, 15000000],
      [1, 1 + 299 * 59999],
    ],
  );
});

ranking('drops what cannot be paid on one channel', () => {
  const dear = { ...DEMAND, priceNanoMax: Number.MAX_SAFE_INTEGER };
  const price = flat(Math.floor(Number.MAX_SAFE_INTEGER / 300));
  assert.equal(sellers(dear, [candidate(1, { price })]), [1]);
  assert.equal(sellers({ ...dear, readings: 301 }, [candidate(1, { price })]), []);
});

ranking('breaks ties by reliability, then key, then name', () => {
  const two = [
    { ...CAPABILITY, name: 'b' },
    { ...CAPABILITY, name: 'B' },
    { ...CAPABILITY, name: 'a' },
  ];
  const matches = rankMatches(DEMAND, [
    { profile: profileOf(filled(4), two), reliability: 500 },
    candidate(3, { name: 'z' }, 500),
    candidate(9, { name: 'z' }, 501),
  ]);
  assert.equal(
    matches.map((match) => `${match.profile.key[0]}${match.capability.name}`),
    ['9z', '3z', '4B', '4a', '4b'],
  );
});

ranking('takes the first settler of the demand that both sides use', () => {
  const settlerOf = (demand: Demand): Uint8Array | undefined =>
    rankMatches(demand, [candidate(1, {})])[0]?.settler;
  assert.equal(settlerOf(DEMAND), keyOf('root'));
  assert.equal(settlerOf({ ...DEMAND, settlers: [filled(9), keyOf('signing')] }), keyOf('signing'));
  assert.is(settlerOf({ ...DEMAND, settlers: [filled(9)] }), undefined);
});

ranking('is the same whatever the order of the candidates', () => {
  const candidates = fc.uniqueArray(
    fc.record({
      fill: fc.nat(255),
      priceNano: fc.integer({ min: 1, max: 4 }),
      name: fc.constantFrom('a', 'b'),
      reliability: fc.integer({ min: 499, max: 501 }),
    }),
    { selector: (one) => one.fill, maxLength: 12 },
  );
  const shuffled = candidates.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [one, two] = [list, other].map((some) =>
        rankMatches(
          DEMAND,
          some.map((c) => candidate(c.fill, { price: flat(c.priceNano), name: c.name }, c.reliability)),
        ),
      );
      assert.equal(one, two);
      assert.is(one!.length, list.length);
      const costs = one!.map((match) => match.costNano);
      assert.equal(
        costs,
        [...costs].sort((a, b) => a - b),
      );
    }),
  );
});

ranking.run();
