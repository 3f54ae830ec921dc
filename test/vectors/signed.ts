/** The vectors of signed objects: good ones at their usual and largest values, and every spoiled one. */

import { type Cbor, CborMap, encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import type { Grant } from '../../schemas/grant.ts';
import type { Open } from '../../schemas/open.ts';
import type { Capability } from '../../schemas/profile.ts';
import type { Receipt } from '../../schemas/receipt.ts';
import { signCertificate } from '../../schemas/settler.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { Terms } from '../../schemas/terms.ts';
import type { Voucher } from '../../schemas/voucher.ts';
import {
  type Bad,
  type Base,
  bad,
  badEnvelopes,
  badFields,
  badSignatures,
  decoded,
  type FieldCase,
  payloadOf,
  resign,
} from './hostile.ts';
import { hex, type Json, toJson, unhex } from './notation.ts';
import { CERTIFICATE_NONCE, CODECS, contextOf, type Kind, type Known, underCertificate } from './objects.ts';
import { filled, keyOf, SEEDS, signer } from './parties.ts';

const NANO_MAX = 9007199254740991;
const U32_MAX = 4294967295;
const NOW_S = 1795168800;
/** 64 bytes of UTF-8 in 63 letters, and 65 in 64. */
const TEXT_64 = `${'t'.repeat(62)}ü`;
const TEXT_65 = `${'t'.repeat(63)}ü`;
const SMALL_ORDER_KEY = new Uint8Array(32);

const CHANNEL = hex(filled(0xc1));
const OTHER_CHANNEL = hex(filled(0xc2));
const LEASE = hex(filled(0x1e));
const OTHER_LEASE = hex(filled(0x1f));

type Good = Base & { readonly name: string; readonly value: unknown };

const good = (kind: Kind, name: string, value: unknown, known: Known): Good => ({
  kind,
  name,
  known,
  value,
  bytes: CODECS[kind].seal(value as never, known),
});

const jsonOfGood = (one: Good): Json => {
  const opened = CODECS[one.kind].open(one.bytes, one.known);
  if (!opened.ok) throw new Error(`${one.kind} ${one.name}: ${opened.code} ${opened.detail}`);
  return {
    kind: one.kind,
    name: one.name,
    signer: one.known.signer,
    context: toJson(contextOf(one.kind, one.known)),
    subject: one.known.subject,
    certificate: one.known.certificate,
    value: toJson(one.value),
    id: opened.value.id === undefined ? undefined : hex(opened.value.id),
    bytes: hex(one.bytes),
  };
};

const fileOf = (spec: string, goods: readonly Good[], bads: readonly Bad[]): Json => ({
  spec: `schemas/spec/${spec}.md`,
  seeds: SEEDS,
  keys: Object.fromEntries(Object.keys(SEEDS).map((role) => [role, hex(keyOf(role as keyof typeof SEEDS))])),
  good: goods.map(jsonOfGood),
  bad: bads as unknown as Json,
});

/** Everything that goes wrong with an object of an array payload. */
const spoiled = (one: Good, other: Good | undefined, cases: readonly FieldCase[]): readonly Bad[] => [
  ...badEnvelopes(one),
  ...badFields(one, cases),
  ...badSignatures(one, other),
];

/** Of an object that carries another: the spoiled ones of that other, signed over. */
const badInside = (outer: Good, inside: readonly Bad[]): readonly Bad[] =>
  inside.map((one) => bad(outer, `over ${one.kind}: ${one.name}`, one.code, resign(outer, unhex(one.bytes))));

const voucherFile = (): Json => {
  const plain: Voucher = {
    seq: 1,
    cumulativeNano: 5000000,
    readings: 100,
    head: filled(0x77),
    anchor: null,
    tickNano: 0,
  };
  const chained: Voucher = { ...plain, seq: 2, anchor: filled(0xa0, 16), tickNano: 50000 };
  const largest = { seq: U32_MAX, cumulativeNano: NANO_MAX, readings: U32_MAX, head: filled(0xff) };
  const known: Known = { signer: 'buyer', subject: CHANNEL };
  const elsewhere: Known = { signer: 'buyer', subject: OTHER_CHANNEL };
  const first = good('voucher', 'without a chain', plain, known);
  const chain = good('voucher', 'with a chain', chained, known);
  return fileOf(
    'evidence',
    [
      first,
      chain,
      good('voucher', 'the largest without a chain, 128 bytes', { ...plain, ...largest }, known),
      good(
        'voucher',
        'the largest with a chain, 150 bytes',
        { ...chained, ...largest, tickNano: U32_MAX },
        known,
      ),
      good('voucher', 'worth nothing yet', { ...chained, cumulativeNano: 0, readings: 0 }, known),
    ],
    [
      ...spoiled(first, good('voucher', '', plain, elsewhere), [
        [0, 'seq 0', 0],
        [0, 'seq 2^32', U32_MAX + 1],
        [1, 'a negative cumulative', -1],
        [2, 'readings 2^32', U32_MAX + 1],
        [3, 'a head of 31 bytes', filled(0x77, 31)],
        [3, 'a head of text', 'head'],
      ]),
      ...badFields(chain, [
        [4, 'an anchor of 32 bytes', filled(0xa0)],
        [5, 'ticks worth nothing', 0],
        [5, 'a tick worth 2^32 nano', U32_MAX + 1],
      ]),
    ],
  );
};

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

const LARGEST_TERMS: Terms = {
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

const termsFile = (): Json => {
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

const openFile = (): Json => {
  const open: Open = {
    payer: keyOf('buyer'),
    payee: keyOf('seller'),
    settler: keyOf('root'),
    currency: 'EUR',
    limitNano: 3500000000,
    expiryS: NOW_S + 86400,
    nonce: filled(0x0b, 16),
    terms: filled(0x1e),
  };
  const usual = good('open', 'a channel for a lease', open, { signer: 'buyer' });
  const largest = { ...open, limitNano: NANO_MAX, expiryS: U32_MAX };
  return fileOf(
    'channel',
    [usual, good('open', 'the largest', largest, { signer: 'buyer' })],
    spoiled(usual, undefined, [
      [0, 'a payer of small order', SMALL_ORDER_KEY, 'well-formed'],
      [1, 'a payee of 33 bytes', filled(1, 33)],
      [1, 'a payee who is the payer', keyOf('buyer'), 'well-formed'],
      [2, 'a settler by name', 'settler'],
      [3, 'a currency of four letters', 'EURO'],
      [4, 'a limit of nothing', 0],
      [5, 'an expiry in 2106', U32_MAX + 1],
      [6, 'a nonce of 17 bytes', filled(0x0b, 17)],
      [7, 'the terms themselves', 'terms'],
    ]),
  );
};

const CERTIFICATE = (): Uint8Array =>
  signCertificate(keyOf('signing'), NOW_S - 86400, NOW_S + 86400, signer('root'));

/** Fields 0 and 1 of everything that a settler signs. */
const ISSUED_CASES: readonly FieldCase[] = [
  [0, 'a certificate of 257 bytes', new Uint8Array(257)],
  [0, 'a certificate of text', 'root'],
  [1, 'issued in 2106', U32_MAX + 1],
];

const settled = (
  kind: 'grant' | 'receipt' | 'time',
  value: unknown,
  largest: unknown,
  subject: string,
  otherSubject: string,
  cases: readonly FieldCase[],
): Json => {
  const root: Known = { signer: 'root', subject };
  const certified: Known = { signer: 'signing', subject, certificate: hex(CERTIFICATE()) };
  const usual = good(kind, 'signed by a certified key', value, certified);
  const bare = good(kind, 'signed by the root key', value, root);
  const uncertified: Base = { kind, known: { signer: 'signing', subject }, bytes: bare.bytes };
  const stranger = signCertificate(keyOf('stranger'), 0, U32_MAX, signer('stranger'));
  return fileOf(
    'channel',
    [
      bare,
      usual,
      good(kind, 'the largest', largest, {
        ...certified,
        certificate: hex(signCertificate(keyOf('signing'), NOW_S, U32_MAX, signer('root'))),
      }),
    ],
    [
      ...spoiled(usual, good(kind, '', value, { ...certified, subject: otherSubject }), [
        ...ISSUED_CASES,
        ...cases,
      ]),
      bad(
        uncertified,
        'signed by the signing key without its certificate',
        'signature-invalid',
        resign(uncertified, payloadOf(bare.bytes)),
        true,
      ),
      bad(
        usual,
        'under a certificate that a stranger wrote',
        'signature-invalid',
        CODECS[kind].seal(value as never, { signer: 'stranger', subject, certificate: hex(stranger) }),
        true,
      ),
    ],
  );
};

const grantFile = (): Json => {
  const grant: Grant = {
    issuedS: NOW_S,
    version: 1,
    limitNano: 3500000000,
    expiryS: NOW_S + 86400,
    backing: 'deposit',
  };
  const largest: Grant = {
    issuedS: U32_MAX,
    version: U32_MAX,
    limitNano: NANO_MAX,
    expiryS: U32_MAX,
    backing: 'bilateral',
  };
  return settled('grant', grant, largest, CHANNEL, OTHER_CHANNEL, [
    [2, 'version -1', -1],
    [3, 'a limit in text', '1 EUR'],
    [4, 'an expiry in 2106', U32_MAX + 1],
    [5, 'backing 3', 3],
  ]);
};

const receiptFile = (): Json => {
  const receipt: Receipt = {
    issuedS: NOW_S,
    paidNano: 5000000,
    limitNano: 3500000000,
    final: false,
    journalIndex: 4711,
  };
  const largest: Receipt = {
    issuedS: U32_MAX,
    paidNano: NANO_MAX,
    limitNano: NANO_MAX,
    final: true,
    journalIndex: NANO_MAX,
  };
  return settled('receipt', receipt, largest, CHANNEL, OTHER_CHANNEL, [
    [2, 'paid -1', -1],
    [3, 'no limit', null],
    [4, 'final 1', 1],
    [5, 'a negative journal index', -1],
  ]);
};

const timeFile = (): Json => settled('time', NOW_S, U32_MAX, 'ab'.repeat(16), 'ac'.repeat(16), []);

const certificateFile = (): Json => {
  const known: Known = { signer: 'signing', subject: CERTIFICATE_NONCE };
  const span = { signingKey: keyOf('signing'), notBeforeS: NOW_S, notAfterS: NOW_S + 86400 };
  const at = (issuedS: number): Uint8Array =>
    underCertificate(
      signCertificate(span.signingKey, span.notBeforeS, span.notAfterS, signer('root')),
      issuedS,
    );
  const raw = (fields: Cbor, label = 'tb1/settler-key'): Uint8Array =>
    underCertificate(signObject([label], encodeCbor(fields), signer('root')), NOW_S);
  const one = { kind: 'certificate' as const, known };
  const outside = 'signature-invalid';
  return {
    ...(fileOf(
      'channel',
      [],
      [
        bad(one, 'a second before it holds', outside, at(NOW_S - 1), true),
        bad(one, 'a second after it held', outside, at(NOW_S + 86401), true),
        bad(one, 'of another kind', outside, raw([keyOf('signing'), 0, U32_MAX], 'tb1/grant'), true),
        bad(one, 'for another key', outside, raw([keyOf('buyer'), 0, U32_MAX]), true),
        bad(one, 'with two fields', 'object-malformed', raw([keyOf('signing'), 0])),
        bad(one, 'of a key of small order', 'value-out-of-range', raw([SMALL_ORDER_KEY, 0, U32_MAX]), true),
        bad(one, 'from a time in 2106', 'value-out-of-range', raw([keyOf('signing'), U32_MAX + 1, U32_MAX])),
        bad(one, 'to a negative time', 'value-out-of-range', raw([keyOf('signing'), 0, -1])),
        bad(one, 'that is empty', 'cbor-truncated', underCertificate(new Uint8Array(0), NOW_S)),
        bad(one, 'that is no envelope', 'cose-malformed', underCertificate(encodeCbor([1, 2, 3]), NOW_S)),
      ],
    ) as { readonly [name: string]: Json }),
    good: [NOW_S, NOW_S + 86400].map((issuedS, i) => ({
      kind: 'certificate',
      name: i === 0 ? 'at its first second' : 'at its last second',
      signer: 'signing',
      context: toJson(contextOf('certificate', known)),
      subject: CERTIFICATE_NONCE,
      value: toJson({ ...span, issuedS }),
      bytes: hex(at(issuedS)),
    })),
  };
};

const closeFile = (): Json => {
  const known: Known = { signer: 'seller', subject: CHANNEL };
  const usual = good('close', 'the payee closes', 5000000, known);
  return fileOf(
    'channel',
    [
      usual,
      good('close', 'the largest', NANO_MAX, known),
      good('close', 'before anything was paid', 0, known),
    ],
    spoiled(usual, good('close', '', 5000000, { ...known, subject: OTHER_CHANNEL }), [
      [0, 'a negative total', -1],
    ]),
  );
};

const statementFile = (): Json => {
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

const profileFile = (): Json => {
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
    [
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
        bad(
          usual,
          `a capability without field ${name}`,
          'object-malformed',
          body([changed(name, undefined)]),
        ),
      ),
      ...cases.map(([name, field, value]) => bad(usual, name, range, body([changed(field, value)]))),
      bad(usual, 'two capabilities of one name', range, body([item, item]), true),
    ],
  );
};

const demandFile = (): Json => {
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

/** By file name. */
export const SIGNED_FILES: Readonly<Record<string, () => Json>> = {
  voucher: voucherFile,
  terms: termsFile,
  open: openFile,
  grant: grantFile,
  receipt: receiptFile,
  time: timeFile,
  certificate: certificateFile,
  close: closeFile,
  statement: statementFile,
  profile: profileFile,
  demand: demandFile,
};
