/** The vectors of profiles and demands. */

import { type Cbor, CborMap, encodeCbor } from '../../schemas/cbor.ts';
import type { Capability } from '../../schemas/profile.ts';
import {
  fileOf,
  type Good,
  good,
  NANO_MAX,
  NOW_S,
  SMALL_ORDER_KEY,
  TEXT_64,
  TEXT_65,
  U32_MAX,
} from './file.ts';
import { type Bad, bad, badEnvelopes, badSignatures, decoded, payloadOf, resign } from './hostile.ts';
import { LARGEST_TERMS, TERMS } from './leases.ts';
import type { Json } from './notation.ts';
import type { Known } from './objects.ts';
import { keyOf } from './parties.ts';

export const CAPABILITY: Capability = {
  name: TERMS.capability,
  kind: TERMS.kind,
  unit: TERMS.unit,
  direction: 'sensor',
  periodMs: TERMS.periodMs,
  currency: TERMS.currency,
  price: TERMS.price,
  windowNano: TERMS.windowNano,
  ticks: TERMS.ticks,
};

/** Claims with some of them replaced; undefined takes one out. */
const claims = (base: Good, change: ReadonlyMap<number, Cbor | undefined>): Uint8Array => {
  const pairs = (decoded(payloadOf(base.bytes)) as CborMap).pairs.filter(
    ([name]) => !change.has(name as number),
  );
  const added = [...change].filter((pair): pair is [number, Cbor] => pair[1] !== undefined);
  return resign(base, encodeCbor(new CborMap([...pairs, ...added])));
};

const badClaims = (base: Good): readonly Bad[] => {
  const without = (name: number): Uint8Array => claims(base, new Map([[name, undefined]]));
  const changed = (name: number, value: Cbor): Uint8Array => claims(base, new Map([[name, value]]));
  const malformed = 'object-malformed';
  return [
    bad(base, 'an array instead of claims', malformed, resign(base, encodeCbor([1, 2]))),
    bad(base, 'no iss', malformed, without(1)),
    bad(base, 'no iat', malformed, without(6)),
    bad(base, 'no version', malformed, without(-75001)),
    bad(base, 'no body', malformed, without(-75002)),
    bad(base, 'an iss of small order', malformed, changed(1, SMALL_ORDER_KEY), true),
    bad(base, 'an iat in 2106', malformed, changed(6, U32_MAX + 1)),
    bad(base, 'a negative version', malformed, changed(-75001, -1)),
    bad(base, 'no settlers', malformed, changed(-75002, [])),
  ];
};

const withBody = (base: Good, body: Cbor): Uint8Array => claims(base, new Map([[-75002, body]]));
const bodyOf = (base: Good): readonly Cbor[] =>
  (decoded(payloadOf(base.bytes)) as CborMap).get(-75002) as readonly Cbor[];

const badProfiles = (usual: Good): readonly Bad[] => {
  const settlers = bodyOf(usual)[0]!;
  const item = (bodyOf(usual)[1] as readonly CborMap[])[0]!;
  const body = (capabilities: Cbor): Uint8Array => withBody(usual, [settlers, capabilities]);
  const changed = (name: number, value: Cbor | undefined): CborMap =>
    new CborMap(
      item.pairs.flatMap((pair) => (pair[0] !== name ? [pair] : value === undefined ? [] : [[name, value]])),
    );
  const range = 'value-out-of-range';
  const cases: readonly (readonly [string, number, Cbor])[] = [
    ['a name with a space', 1, 'my sensor'],
    ['a kind of 65 bytes', 2, TEXT_65],
    ['no unit', 3, ''],
    ['direction 2', 4, 2],
    ['a negative period', 5, -1],
    ['a currency of two letters', 6, 'EU'],
    ['no tier', 7, []],
    ['a negative window', 8, -1],
    ['chains of no tick', 9, 0],
  ];
  return [
    ...badEnvelopes(usual),
    ...badSignatures(usual),
    ...badClaims(usual),
    bad(usual, 'a body without capabilities', 'object-malformed', withBody(usual, [settlers])),
    bad(
      usual,
      '17 settlers',
      'object-malformed',
      withBody(usual, [Array.from({ length: 17 }, () => keyOf('root')), []]),
    ),
    bad(
      usual,
      'a settler of small order',
      'object-malformed',
      withBody(usual, [[SMALL_ORDER_KEY], []]),
      true,
    ),
    bad(usual, '65 capabilities', 'object-malformed', body(Array.from({ length: 65 }, () => 0))),
    bad(usual, 'a capability in an array', 'object-malformed', body([[1, 2]])),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((name) =>
      bad(usual, `a capability without field ${name}`, 'object-malformed', body([changed(name, undefined)])),
    ),
    ...cases.map(([name, field, value]) => bad(usual, name, range, body([changed(field, value)]))),
    bad(usual, 'two capabilities of one name', range, body([item, item]), true),
  ];
};

export const profileFile = (): Json => {
  const profile = {
    key: keyOf('seller'),
    issuedS: NOW_S,
    version: 1,
    settlers: [keyOf('root')],
    capabilities: [CAPABILITY],
  };
  const largestCapability = (i: number): Capability => ({
    ...CAPABILITY,
    name: `${'n'.repeat(62)}${i + 10}`,
    kind: TEXT_64,
    price: LARGEST_TERMS.price,
  });
  const known: Known = { signer: 'seller' };
  const usual = good('profile', 'one capability', profile, known);
  return fileOf(
    'market',
    [
      usual,
      good('profile', 'nothing for sale', { ...profile, version: 2, capabilities: [] }, known),
      good(
        'profile',
        'two capabilities, two settlers',
        {
          ...profile,
          version: NANO_MAX,
          settlers: [keyOf('root'), keyOf('signing')],
          capabilities: [largestCapability(0), { ...CAPABILITY, direction: 'actuator' }],
        },
        known,
      ),
    ],
    badProfiles(usual),
  );
};

export const demandFile = (): Json => {
  const demand = {
    settlers: [keyOf('root')],
    kind: 'temperature',
    unit: 'Cel',
    currency: 'EUR',
    priceNanoMax: 60000,
    readings: 300,
  };
  const wish = { key: keyOf('buyer'), issuedS: NOW_S, version: 1, demand };
  const largest = {
    ...demand,
    settlers: Array.from({ length: 16 }, () => keyOf('root')),
    kind: TEXT_64,
    unit: TEXT_64,
    priceNanoMax: NANO_MAX,
    readings: 100000000,
  };
  const known: Known = { signer: 'buyer' };
  const usual = good('demand', 'temperatures', wish, known);
  const fields = bodyOf(usual);
  const cases: readonly (readonly [number, string, Cbor])[] = [
    [1, 'a kind with a tab', 'temperature\t'],
    [2, 'no unit', ''],
    [3, 'a currency in small letters', 'eur'],
    [4, 'a price of nothing', 0],
    [5, 'no reading', 0],
    [5, '100,000,001 readings', 100000001],
  ];
  return fileOf(
    'market',
    [
      usual,
      good('demand', 'the largest', { ...wish, issuedS: U32_MAX, version: NANO_MAX, demand: largest }, known),
    ],
    [
      ...badEnvelopes(usual),
      ...badSignatures(usual),
      ...badClaims(usual),
      bad(usual, 'a body of text', 'object-malformed', withBody(usual, 'temperature')),
      bad(usual, 'a field too many', 'object-malformed', withBody(usual, [...fields, 0])),
      bad(usual, 'a field too few', 'object-malformed', withBody(usual, fields.slice(0, -1))),
      bad(usual, 'a settler of text', 'object-malformed', withBody(usual, [['root'], ...fields.slice(1)])),
      ...cases.map(([index, name, value]) =>
        bad(
          usual,
          name,
          'value-out-of-range',
          withBody(
            usual,
            fields.map((field, i) => (i === index ? value : field)),
          ),
        ),
      ),
    ],
  );
};
