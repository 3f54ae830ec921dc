/** Every signed object and message over random values and random bytes. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cbor, CborMap, CborTag, encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import { decodeTick, parseEvidence, verifyEvidence } from '../../schemas/evidence.ts';
import type { Price } from '../../schemas/price.ts';
import { decodeRequest, detailOf, encodeRequest, type Request } from '../../schemas/request.ts';
import { CODES, type Result } from '../../schemas/result.ts';
import { type Control, decodeStream, encodeControl } from '../../schemas/stream.ts';
import { encodeTick } from '../../schemas/tick.ts';
import { schemas } from '../cddl/schemas.ts';
import { decoded, payloadOf } from '../vectors/hostile.ts';
import { hex, toJson, unhex } from '../vectors/notation.ts';
import { CODECS, contextOf, type Kind, type Known } from '../vectors/objects.ts';
import { crypto, filled, keyOf, type Role, signer } from '../vectors/parties.ts';
import { vectorsOf } from './vectors.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => new Uint8Array(array));
const u16 = fc.nat(65535);
const u32 = fc.oneof(fc.nat(100), fc.nat(4294967295), fc.constant(4294967295));
const from1 = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 1, max }), fc.constantFrom(1, max));
const amount = fc.oneof(fc.nat(1000), fc.maxSafeNat(), fc.constant(9007199254740991));
const label = fc.stringMatching(/^[A-Za-z0-9][-A-Za-z0-9:./_]{0,63}$/);
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
  .filter((one) => Buffer.byteLength(one) <= 64 && !/\p{Cc}/u.test(one));
const currency = fc.stringMatching(/^[A-Z]{3}$/);
const channelOrLease = bytes(32);
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

const VALUES: Readonly<Partial<Record<Kind, fc.Arbitrary<unknown>>>> = {
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
};

/** Objects whose context names a channel, a lease or a nonce. */
const BOUND: readonly Kind[] = ['voucher', 'grant', 'receipt', 'time', 'close', 'statement', 'agreed'];

const knownOf = (kind: Kind, subject: Uint8Array): Known => ({
  signer: SIGNER[kind]!,
  subject: BOUND.includes(kind) ? hex(subject) : undefined,
});

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);

const signed = suite('signed objects');

for (const [name, values] of Object.entries(VALUES)) {
  const kind = name as Kind;
  const codec = CODECS[kind];

  signed(`${kind}: what was signed is what is opened, in its context and as the CDDL says`, () => {
    fc.assert(
      fc.property(values!, channelOrLease, channelOrLease, (value, subject, other) => {
        const known = knownOf(kind, subject);
        const encoded = codec.seal(value as never, known);
        const opened = codec.open(encoded, known);
        assert.is(codeOf(opened), 'ok');
        assert.equal(opened.ok && toJson(opened.value.value), toJson(value));
        const verdict = schemas().validate(codec.rule, encoded);
        assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.path}: ${verdict.reason}`);
        if (known.subject === undefined || hex(other) === known.subject) return;
        assert.is(codeOf(codec.open(encoded, knownOf(kind, other))), 'signature-invalid');
      }),
      { numRuns: 60 },
    );
  });
}

/** A byte changed, a byte taken out, a byte put in, or the end cut off. */
const spoil = (encoded: Uint8Array, how: number, at: number, by: number): Uint8Array => {
  const i = at % encoded.length;
  const list = [...encoded];
  if (how === 0) list[i]! ^= by;
  else if (how === 1) list.splice(i, 1);
  else if (how === 2) list.splice(i, 0, by);
  else list.length = i;
  return new Uint8Array(list);
};

const spoils = fc.tuple(fc.nat(3), fc.nat(5000), fc.integer({ min: 1, max: 255 }));

for (const [name, values] of Object.entries(VALUES)) {
  const kind = name as Kind;
  const codec = CODECS[kind];

  signed(`${kind}: one spoiled byte anywhere is refused with a code`, () => {
    fc.assert(
      fc.property(values!, spoils, channelOrLease, (value, [how, at, by], subject) => {
        const known = knownOf(kind, subject);
        const result = codec.open(spoil(codec.seal(value as never, known), how, at, by), known);
        assert.ok(!result.ok && result.code in CODES, 'a spoiled object was accepted');
      }),
      { numRuns: 150 },
    );
  });
}

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

const strangers = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array)),
  items.map(encodeCbor),
);

/** Everything that reads bytes of a stranger. */
const OPENERS: Readonly<Record<string, (encoded: Uint8Array) => Result<unknown>>> = {
  ...Object.fromEntries(
    Object.keys(VALUES).map((kind) => [
      kind,
      (encoded: Uint8Array) => CODECS[kind as Kind].open(encoded, knownOf(kind as Kind, filled(7))),
    ]),
  ),
  decodeTick,
  decodeRequest,
  decodeStream,
  parseEvidence: (encoded) => parseEvidence({ voucher: encoded, tick: encoded }),
  verifyEvidence: (encoded) =>
    verifyEvidence(null, { voucher: encoded, tick: encoded }, filled(7), keyOf('buyer'), 1000, crypto),
};

const hostile = suite('any bytes');

for (const [name, open] of Object.entries(OPENERS)) {
  hostile(`${name} answers whatever it is given, and never throws`, () => {
    fc.assert(
      fc.property(strangers, (encoded) => {
        const result = open(encoded);
        assert.ok(result.ok || (result.code in CODES && result.detail.length > 0));
      }),
      { numRuns: 300 },
    );
  });
}

for (const name of Object.keys(VALUES)) {
  const kind = name as Kind;
  hostile(`${kind}: any payload under a good signature gets an answer`, () => {
    fc.assert(
      fc.property(strangers, (payload) => {
        const known = knownOf(kind, filled(7));
        const encoded = signObject(contextOf(kind, known), payload, signer(known.signer));
        const result = CODECS[kind].open(encoded, known);
        assert.ok(result.ok || result.code in CODES);
      }),
      { numRuns: 100 },
    );
  });
}

const values = fc.oneof(items, amount, u32, text, bytes(16), bytes(32), bytes(31));

for (const [name, good] of Object.entries(VALUES)) {
  const kind = name as Kind;
  const codec = CODECS[kind];
  hostile(`${kind}: another value in any field is accepted only where the CDDL accepts it`, () => {
    fc.assert(
      fc.property(good!, fc.nat(20), values, (value, at, other) => {
        const known = knownOf(kind, filled(7));
        const parts = decoded(payloadOf(codec.seal(value as never, known)));
        const changed = Array.isArray(parts)
          ? parts.map((part, i) => (i === at % parts.length ? other : part))
          : new CborMap(
              (parts as CborMap).pairs.map((pair, i, all) =>
                i === at % all.length ? [pair[0], other] : pair,
              ),
            );
        const encoded = signObject(contextOf(kind, known), encodeCbor(changed), signer(known.signer));
        if (codec.open(encoded, known).ok) assert.ok(schemas().validate(codec.rule, encoded).ok);
      }),
      { numRuns: 150 },
    );
  });
}

/** The messages of the vectors, as arrays. */
const messagesOf = (file: string): readonly (readonly Cbor[])[] =>
  vectorsOf<{ good: readonly { bytes: string }[] }>(file).good.map(
    (vector) => decoded(unhex(vector.bytes)) as readonly Cbor[],
  );

for (const [name, decode, rules, known] of [
  ['decodeRequest', decodeRequest, ['request'], messagesOf('request')],
  ['decodeStream', decodeStream, ['stream-r', 'stream-p'], messagesOf('stream')],
] as const) {
  hostile(`${name} takes whatever the CDDL describes`, () => {
    let described = 0;
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(20), values, (message, at, other) => {
        const encoded = encodeCbor(message.map((item, i) => (i === at % message.length ? other : item)));
        if (!rules.some((rule) => schemas().validate(rule, encoded).ok)) return;
        described++;
        assert.is(codeOf(decode(encoded)), 'ok');
      }),
      { numRuns: 1000 },
    );
    assert.ok(described > 0);
  });
}

hostile.run();
signed.run();

const messages = suite('messages');

const object = fc.uint8Array({ maxLength: 4096, size: 'medium' }).map((array) => new Uint8Array(array));
const voucherBytes = fc.uint8Array({ maxLength: 150 }).map((array) => new Uint8Array(array));
const tickBytes = fc.uint8Array({ maxLength: 24 }).map((array) => new Uint8Array(array));
const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some);
const detail = fc
  .string({ unit: 'grapheme', maxLength: 128 })
  .filter((one) => Buffer.byteLength(one) <= 256 && !/[\p{Cc}\u{10000}-\u{10ffff}]/u.test(one));

const PARTS: Readonly<Record<string, fc.Arbitrary<readonly unknown[]>>> = {
  refusal: fc.tuple(u16, detail),
  offer: fc.tuple(object),
  lease: fc.tuple(object),
  open: fc.tuple(object),
  grant: fc.tuple(object),
  claim: fc.tuple(bytes(32), voucherBytes, orNull(tickBytes)),
  receipt: fc.tuple(object),
  close: fc.tuple(bytes(32), object, orNull(object)),
  query: fc.tuple(bytes(32)),
  time: fc.tuple(bytes(16)),
  timed: fc.tuple(object),
  statement: fc.tuple(bytes(32), object),
};

for (const [kind, parts] of Object.entries(PARTS)) {
  messages(`request ${kind}: what was encoded is what is decoded`, () => {
    fc.assert(
      fc.property(bytes(8), parts, (id, list) => {
        const request = { kind, id, parts: list } as Request;
        assert.equal(decodeRequest(encodeRequest(request)), { ok: true, value: request });
      }),
      { numRuns: 50 },
    );
  });
}

const RESYNC = fc.tuple(bytes(8), orNull(voucherBytes), orNull(tickBytes), u32, bytes(32));
const CONTROLS: Readonly<Record<string, fc.Arbitrary<readonly unknown[]>>> = {
  nak: fc.tuple(from1(4294967295)),
  refusal: fc.tuple(u16, detail, orNull(voucherBytes), orNull(tickBytes)),
  resync: RESYNC,
  resynced: RESYNC,
  grant: fc.tuple(object, object),
  statement: fc.tuple(object),
  agreed: fc.tuple(object),
  end: fc.tuple(text),
};

for (const [kind, parts] of Object.entries(CONTROLS)) {
  messages(`control ${kind}: what was encoded is what is decoded`, () => {
    fc.assert(
      fc.property(parts, (list) => {
        const control = { kind, parts: list } as Control;
        assert.equal(decodeStream(encodeControl(control)), { ok: true, value: control });
      }),
      { numRuns: 50 },
    );
  });
}

messages('a tick on the wire is known by its seq mod 2^16', () => {
  fc.assert(
    fc.property(u32, from1(1024), bytes(16), (seq, index, x) => {
      const decoded = decodeStream(encodeTick(seq, index, x));
      assert.equal(decoded, { ok: true, value: { kind: 'tick', tick: { seq16: seq % 65536, index, x } } });
    }),
  );
});

messages('a refusal carries any sentence that a stranger made us write, cut and cleaned', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400, size: 'max' }), (sentence) => {
      const lone = `${sentence}\ud800\u0007`;
      for (const words of [sentence, lone]) {
        const request = decodeRequest(
          encodeRequest({ kind: 'refusal', id: filled(1, 8), parts: [1, words] }),
        );
        assert.ok(request.ok && request.value.kind === 'refusal');
        const said = request.value.parts[1];
        assert.ok(Buffer.byteLength(said) <= 256);
        const control = decodeStream(encodeControl({ kind: 'refusal', parts: [1, words, null, null] }));
        assert.ok(control.ok && control.value.kind === 'refusal');
        assert.is(control.value.parts[1], said);
      }
    }),
  );
});

messages('a sentence is cut at 256 bytes, between two letters', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['x'.repeat(256), 'x'.repeat(256)],
    ['x'.repeat(257), 'x'.repeat(256)],
    ['ä'.repeat(129), 'ä'.repeat(128)],
    [`x${'ä'.repeat(128)}`, `x${'ä'.repeat(127)}`],
    ['€'.repeat(86), '€'.repeat(85)],
    ['one\ntwo\u001b[31m\u009b', 'one?two?[31m?'],
  ];
  for (const [sentence, said] of cases) assert.is(detailOf(sentence), said);
});

messages.run();

const writers = suite('a value that its reader would refuse');

/** A programmer's error throws at once, before it is signed. */
const throwsFor = (kind: Kind, value: unknown): void => {
  const known = knownOf(kind, filled(7));
  assert.throws(
    () => CODECS[kind].seal(value as never, known),
    (error: unknown) => error instanceof RangeError,
  );
};

writers('is not signed', () => {
  const plain = { seq: 1, cumulativeNano: 0, readings: 0, head: filled(0), anchor: null, tickNano: 0 };
  const grant = { issuedS: 1, version: 1, limitNano: 1, expiryS: 1, backing: 'deposit' };
  throwsFor('voucher', { ...plain, seq: 0 });
  throwsFor('voucher', { ...plain, seq: 4294967296 });
  throwsFor('voucher', { ...plain, cumulativeNano: 0.5 });
  throwsFor('voucher', { ...plain, anchor: filled(1, 16) });
  throwsFor('voucher', { ...plain, head: filled(0, 31) });
  throwsFor('grant', { ...grant, backing: 'trust' });
  throwsFor('grant', { ...grant, limitNano: -1 });
  throwsFor('time', 4294967296);
  throwsFor('close', Number.NaN);
});

writers('is not sent', () => {
  const id = filled(1, 8);
  const request = { kind: 'query', id, parts: [filled(1, 31)] } as Request;
  assert.throws(
    () => encodeRequest(request),
    (error: unknown) => error instanceof RangeError,
  );
  assert.throws(() => encodeRequest({ ...request, id: filled(1, 7) } as Request));
  assert.throws(
    () => encodeRequest({ ...request, kind: 'gift' } as unknown as Request),
    'no request is called gift',
  );
  assert.throws(
    () => encodeControl({ kind: 'nak', parts: [0] }),
    (error: unknown) => error instanceof RangeError,
  );
  assert.throws(() => encodeControl({ kind: 'gift' } as unknown as Control), 'no control is called gift');
});

writers.run();
