/** Requests and the two topics of a lease over random values. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeRequest, detailOf, encodeRequest, type Request } from '../../schemas/request.ts';
import { type Control, decodeStream, encodeControl } from '../../schemas/stream.ts';
import { encodeTick } from '../../schemas/tick.ts';
import { filled, keyOf } from '../vectors/parties.ts';
import { amount, bytes, from1, text, u16, u32 } from './arbitraries.ts';

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
  enrol: fc.tuple(object),
  spending: fc.tuple(object),
  line: fc.tuple(object),
  consent: fc.tuple(object),
  dispute: fc.tuple(bytes(32), object),
  noted: fc.tuple(object),
  refill: fc.tuple(fc.constant(keyOf('root')), fc.constant('EUR'), orNull(object), amount),
  budget: fc.tuple(object),
  present: fc.tuple(bytes(32), object),
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

const senders = suite('a part that its reader would refuse');

senders('is not sent', () => {
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

senders.run();
