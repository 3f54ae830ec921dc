/** Every signed object over random values, and everything that reads bytes over the bytes of strangers. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cbor, CborMap, encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import { decodeTick, parseEvidence, verifyEvidence } from '../../schemas/evidence.ts';
import { decodeRequest } from '../../schemas/request.ts';
import { CODES, type Result } from '../../schemas/result.ts';
import { decodeStream } from '../../schemas/stream.ts';
import { schemas } from '../cddl/schemas.ts';
import { decoded, payloadOf } from '../vectors/hostile.ts';
import { hex, toJson, unhex } from '../vectors/notation.ts';
import { CODECS, contextOf, type Kind } from '../vectors/objects.ts';
import { crypto, filled, keyOf, signer } from '../vectors/parties.ts';
import { channelOrLease, knownOf, strangers, VALUES, values } from './arbitraries.ts';
import { vectorsOf } from './vectors.ts';

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
  throwsFor('noted', { issuedS: 1, hash: filled(0, 31), journalIndex: 1 });
  throwsFor('time', 4294967296);
  throwsFor('close', Number.NaN);
});

writers.run();
