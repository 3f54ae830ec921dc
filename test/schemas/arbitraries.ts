/** Random values of every signed object, random fields, and the bytes of strangers. */

import fc from 'fast-check';
import { signBudget } from '../../schemas/budget.ts';
import { type Cbor, CborMap, CborTag, encodeCbor } from '../../schemas/cbor.ts';
import type { Price } from '../../schemas/price.ts';
import { hex } from '../vectors/notation.ts';
import type { Kind, Known } from '../vectors/objects.ts';
import { filled, keyOf, type Role, signer } from '../vectors/parties.ts';

export const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => new Uint8Array(array));
export const u16 = fc.nat(65535);
export const u32 = fc.oneof(fc.nat(100), fc.nat(4294967295), fc.constant(4294967295));
export const from1 = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 1, max }), fc.constantFrom(1, max));
export const amount = fc.oneof(fc.nat(1000), fc.maxSafeNat(), fc.constant(9007199254740991));
const label = fc.stringMatching(/^[A-Za-z0-9][-A-Za-z0-9:./_]{0,63}$/);
export const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
  .filter((one) => Buffer.byteLength(one) <= 64 && !/\p{Cc}/u.test(one));
const currency = fc.stringMatching(/^[A-Z]{3}$/);
export const channelOrLease = bytes(32);
const keys = fc.constantFrom<Role>('seller', 'buyer', 'root', 'signing', 'stranger').map(keyOf);

const price: fc.Arbitrary<Price> = fc
  .tuple(
    fc.uniqueArray(
      from1(1000).map((n) => n + 1),
      { maxLength: 7 },
    ),
    fc.array(from1(100000), { minLength: 8, maxLength: 8 }),
  )
  .map(([starts, nanos]) =>
    [1, ...[...starts].sort((a, b) => a - b)].map((from, i) => ({ from, priceNano: nanos[i]! })),
  );

const terms = fc.record({
  seller: fc.constant(keyOf('seller')),
  buyer: fc.constant(keyOf('buyer')),
  settler: keys,
  capability: label,
  kind: text,
  unit: text,
  baseName: label,
  baseTimeMs: amount,
  periodMs: u32,
  currency,
  price,
  windowNano: amount,
  ticks: from1(1024),
  readingsMax: from1(100000000),
  expiryS: u32,
  nonce: bytes(16),
});

const statement = fc.record({
  channel: bytes(32),
  delivered: u32,
  paid: u32,
  totalNano: amount,
  head: bytes(32),
  reason: text,
});

const budget = fc.record({
  owner: fc.constant(keyOf('owner')),
  device: fc.constant(keyOf('buyer')),
  settler: keys,
  currency,
  version: u32,
  totalNano: amount,
  dayNano: amount,
  sellerNano: amount,
  expiryS: u32,
});

const settlers = fc.array(keys, { minLength: 1, maxLength: 16 });

const capability = fc.record({
  name: label,
  kind: text,
  unit: text,
  direction: fc.constantFrom('sensor', 'actuator'),
  periodMs: u32,
  currency,
  price,
  windowNano: amount,
  ticks: from1(1024),
});

export const VALUES: Readonly<Partial<Record<Kind, fc.Arbitrary<unknown>>>> = {
  voucher: fc
    .record({ seq: from1(4294967295), cumulativeNano: amount, readings: u32, head: bytes(32) })
    .chain((plain) =>
      fc.oneof(
        fc.constant({ ...plain, anchor: null, tickNano: 0 }),
        fc
          .record({ anchor: bytes(16), tickNano: from1(4294967295) })
          .map((chain) => ({ ...plain, ...chain })),
      ),
    ),
  offer: terms,
  lease: terms,
  open: fc.record({
    payer: fc.constant(keyOf('buyer')),
    payee: fc.constant(keyOf('seller')),
    settler: keys,
    currency,
    limitNano: from1(9007199254740991),
    expiryS: u32,
    nonce: bytes(16),
    terms: bytes(32),
  }),
  grant: fc.record({
    issuedS: u32,
    version: u32,
    limitNano: amount,
    expiryS: u32,
    backing: fc.constantFrom('deposit', 'guaranteed', 'bilateral'),
  }),
  receipt: fc.record({
    issuedS: u32,
    paidNano: amount,
    limitNano: amount,
    final: fc.boolean(),
    journalIndex: amount,
  }),
  time: u32,
  close: amount,
  statement,
  agreed: statement,
  profile: fc.record({
    key: fc.constant(keyOf('seller')),
    issuedS: u32,
    version: amount,
    settlers,
    capabilities: fc.uniqueArray(capability, { maxLength: 4, selector: (one) => one.name }),
  }),
  demand: fc.record({
    key: fc.constant(keyOf('buyer')),
    issuedS: u32,
    version: amount,
    demand: fc.record({
      settlers,
      kind: text,
      unit: text,
      currency,
      priceNanoMax: from1(9007199254740991),
      readings: from1(100000000),
    }),
  }),
  budget,
  enrolment: budget.map((one) => ({ ...one, budget: signBudget(one, signer('owner')) })),
  spending: fc.record({
    issuedS: u32,
    owner: keys,
    currency,
    budgetVersion: u32,
    totalNano: amount,
    spentNano: amount,
    reservedNano: amount,
    todayNano: amount,
    depositNano: amount,
    journalIndex: amount,
  }),
  line: fc.record({
    creditor: fc.constant(keyOf('owner')),
    debtor: fc.constant(keyOf('buyer')),
    settler: keys,
    currency,
    version: u32,
    limitNano: amount,
    expiryS: u32,
  }),
  consent: fc.record({
    owner: fc.constant(keyOf('owner')),
    settler: keys,
    currency,
    version: u32,
    counterpartyNano: amount,
    expiryS: u32,
  }),
  noted: fc.record({ issuedS: u32, hash: bytes(32), journalIndex: amount }),
  dispute: fc.record({
    party: fc.constant(keyOf('seller')),
    version: u32,
    open: fc.boolean(),
    delivered: u32,
    totalNano: amount,
    head: bytes(32),
    reason: text,
  }),
};

const SIGNER: Readonly<Record<string, Role>> = {
  voucher: 'buyer',
  offer: 'buyer',
  lease: 'seller',
  open: 'buyer',
  grant: 'root',
  receipt: 'root',
  time: 'root',
  close: 'seller',
  statement: 'buyer',
  agreed: 'seller',
  profile: 'seller',
  demand: 'buyer',
  budget: 'owner',
  enrolment: 'buyer',
  spending: 'root',
  line: 'owner',
  consent: 'owner',
  noted: 'root',
  dispute: 'seller',
};

/** Objects whose context names a channel, a lease, a device or a nonce. */
const BOUND: readonly Kind[] = [
  'voucher',
  'grant',
  'receipt',
  'time',
  'close',
  'statement',
  'agreed',
  'spending',
  'dispute',
];

export const knownOf = (kind: Kind, subject: Uint8Array): Known => ({
  signer: SIGNER[kind]!,
  subject: BOUND.includes(kind) ? hex(subject) : undefined,
});

/** Any item that our CBOR can carry, and often one that looks like a message. */
const items = fc.letrec<{ item: Cbor }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: -10, max: 12 }),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(filled(1, 8), filled(1, 16), filled(1), keyOf('buyer'), keyOf('seller')),
    ) as fc.Arbitrary<Cbor>,
    fc.array(tie('item'), { maxLength: 17 }),
    fc
      .array(fc.tuple(fc.constantFrom<Cbor>(1, 2, 3, 6, -75001, -75002), tie('item')), { maxLength: 6 })
      .map(
        (pairs) =>
          new CborMap(pairs.filter(([name], i) => pairs.findIndex((pair) => pair[0] === name) === i)),
      ),
    tie('item').map((item) => new CborTag(4, item)),
  ),
})).item;

export const strangers = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array)),
  items.map(encodeCbor),
);

/** What a field might hold instead. */
export const values = fc.oneof(items, amount, u32, text, bytes(16), bytes(32), bytes(31));
