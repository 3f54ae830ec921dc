/** The vectors of what both parties of a lease sign: terms and statements. */

import type { Cbor } from '../../schemas/cbor.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { Terms } from '../../schemas/terms.ts';
import {
  badInside,
  fileOf,
  good,
  LEASE,
  NANO_MAX,
  NOW_S,
  OTHER_LEASE,
  SMALL_ORDER_KEY,
  spoiled,
  TEXT_64,
  TEXT_65,
  U32_MAX,
} from './file.ts';
import {
  type Base,
  bad,
  badEnvelopes,
  badFields,
  badSignatures,
  type FieldCase,
  payloadOf,
  resign,
} from './hostile.ts';
import type { Json } from './notation.ts';
import type { Known } from './objects.ts';
import { filled, keyOf } from './parties.ts';

export const TERMS: Terms = {
  seller: keyOf('seller'),
  buyer: keyOf('buyer'),
  settler: keyOf('root'),
  capability: 'outdoor/temperature',
  kind: 'temperature',
  unit: 'Cel',
  baseName: 'outdoor/temperature',
  baseTimeMs: 1795168800000,
  periodMs: 1000,
  currency: 'EUR',
  price: [
    { from: 1, priceNano: 50000 },
    { from: 1001, priceNano: 40000 },
  ],
  windowNano: 800000,
  ticks: 128,
  readingsMax: 86400,
  expiryS: NOW_S + 86400,
  nonce: filled(0x0a, 16),
};

export const LARGEST_TERMS: Terms = {
  ...TERMS,
  capability: 'c'.repeat(64),
  kind: TEXT_64,
  unit: TEXT_64,
  baseName: 'b'.repeat(64),
  baseTimeMs: NANO_MAX,
  periodMs: U32_MAX,
  price: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
    from: n === 1 ? 1 : NANO_MAX - 8 + n,
    priceNano: n === 1 ? 90071992 : NANO_MAX,
  })),
  windowNano: NANO_MAX,
  ticks: 1024,
  readingsMax: 100000000,
  expiryS: U32_MAX,
};

const price = (...tiers: readonly (readonly [number, number])[]): Cbor => tiers;

const TERMS_CASES: readonly FieldCase[] = [
  [0, 'a seller of small order', SMALL_ORDER_KEY, 'well-formed'],
  [0, 'a seller who is the buyer', keyOf('buyer'), 'well-formed'],
  [2, 'a settler of 31 bytes', filled(3, 31)],
  [3, 'no capability', ''],
  [3, 'a capability with a space', 'outdoor temperature'],
  [4, 'a kind of 65 bytes in 64 letters', TEXT_65],
  [4, 'a kind with a line feed', 'temperature\n'],
  [5, 'no unit', ''],
  [6, 'a base name that begins with a slash', '/outdoor'],
  [7, 'a negative base time', -1],
  [8, 'a period of 2^32 ms', U32_MAX + 1],
  [9, 'a currency in small letters', 'eur'],
  [10, 'no tier', price()],
  [10, 'nine tiers', price(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, 10] as const))],
  [10, 'a first tier from reading 2', price([2, 5])],
  [10, 'tiers that do not rise', price([1, 5], [10, 4], [10, 3]), 'well-formed'],
  [10, 'a price of nothing', price([1, 0])],
  [10, 'a lease of 2^53 nano', price([1, 104250000000]), 'well-formed'],
  [11, 'a negative window', -1],
  [12, 'chains of no tick', 0],
  [12, 'chains of 1,025 ticks', 1025],
  [13, 'a lease of no reading', 0],
  [13, 'a lease of 100,000,001 readings', 100000001],
  [14, 'an expiry in 2106', U32_MAX + 1],
  [15, 'a nonce of 15 bytes', filled(0x0a, 15)],
];

export const termsFile = (): Json => {
  const offer = good('offer', 'the offer of a buyer', TERMS, { signer: 'buyer' });
  const lease = good('lease', 'the lease of a seller', TERMS, { signer: 'seller' });
  const strange: Base = { kind: 'offer', known: { signer: 'stranger' }, bytes: offer.bytes };
  return fileOf(
    'terms',
    [
      offer,
      lease,
      good('offer', 'the largest offer', LARGEST_TERMS, { signer: 'buyer' }),
      good('lease', 'the largest lease', LARGEST_TERMS, { signer: 'seller' }),
      good(
        'lease',
        'one price, one reading',
        { ...TERMS, price: [{ from: 1, priceNano: 1 }], readingsMax: 1 },
        {
          signer: 'seller',
        },
      ),
    ],
    [
      ...spoiled(offer, undefined, TERMS_CASES),
      ...badEnvelopes(lease),
      ...badSignatures(lease),
      ...badInside(lease, badFields(offer, [[13, 'no reading', 0]])),
      bad(
        lease,
        'over an offer that a stranger signed',
        'signature-invalid',
        resign(lease, resign(strange, payloadOf(offer.bytes))),
        true,
      ),
      bad(lease, 'over the bare terms', 'cose-malformed', resign(lease, payloadOf(offer.bytes))),
      bad(lease, 'the offer itself, without a seller', 'cose-malformed', offer.bytes),
    ],
  );
};

export const statementFile = (): Json => {
  const statement: Statement = {
    channel: filled(0xc1),
    delivered: 300,
    paid: 300,
    totalNano: 15000000,
    head: filled(0x77),
    reason: 'readings',
  };
  const largest: Statement = {
    ...statement,
    delivered: U32_MAX,
    paid: U32_MAX,
    totalNano: NANO_MAX,
    reason: TEXT_64,
  };
  const known: Known = { signer: 'buyer', subject: LEASE };
  const stated = good('statement', 'the buyer states', statement, known);
  const agreed = good('agreed', 'the seller agrees', statement, { ...known, signer: 'seller' });
  const elsewhere = { ...known, subject: OTHER_LEASE };
  return fileOf(
    'statement',
    [
      stated,
      agreed,
      good('statement', 'the largest stated', largest, known),
      good('agreed', 'the largest agreed', largest, { ...known, signer: 'seller' }),
    ],
    [
      ...spoiled(stated, good('statement', '', statement, elsewhere), [
        [0, 'a channel of 16 bytes', filled(0xc1, 16)],
        [1, 'a negative number delivered', -1],
        [2, 'paid 2^32', U32_MAX + 1],
        [3, 'a total of text', '15'],
        [4, 'no head', null],
        [5, 'no reason', ''],
        [5, 'a reason with an escape', 'readings\u001b[2J'],
        [5, 'a reason of 65 bytes in 64 letters', TEXT_65],
      ]),
      ...badEnvelopes(agreed),
      ...badInside(agreed, badFields(stated, [[5, 'no reason', '']])),
      ...badSignatures(agreed, good('agreed', '', statement, { ...elsewhere, signer: 'seller' })),
      bad(
        agreed,
        'to a statement that a stranger signed',
        'signature-invalid',
        resign(agreed, resign(stated, payloadOf(stated.bytes), 'stranger')),
        true,
      ),
      bad(agreed, 'the statement itself', 'signature-invalid', stated.bytes),
    ],
  );
};
