/** The codec of boards against the whole one. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeItems, encodeItems, type Item } from '../../hardware/espruino/cbor.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../schemas/cbor.ts';

const integer = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0xffffffff }),
  fc.constantFrom(
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    4_294_967_295,
    -1,
    -24,
    -25,
    -256,
    -257,
    -2_147_483_648,
  ),
);
const bytes = fc.uint8Array({ maxLength: 300 });
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 300 });
const items = fc.array(
  fc.oneof(integer, bytes, ascii, fc.array(fc.oneof(integer, ascii), { maxLength: 30 })),
  {
    maxLength: 30,
  },
);

const test = suite('cbor of boards');

test('writes what the whole codec writes', () => {
  fc.assert(
    fc.property(items, (list) => {
      assert.equal(encodeItems(list as readonly Item[]), encodeCbor(list as Cbor));
    }),
  );
});

/** Arrays of at most 23 integers of 32 bits and byte strings. */
const isRequest = (value: Cbor): boolean =>
  Array.isArray(value) &&
  value.length <= 23 &&
  value.every(
    (one) =>
      one instanceof Uint8Array || (typeof one === 'number' && one <= 0xffffffff && one >= -0x100000000),
  );

test('reads every request, and what the whole codec refuses it refuses', () => {
  const whole = fc.array(fc.oneof(integer, bytes), { maxLength: 23 }).map((list) => encodeCbor(list as Cbor));
  const mutated = fc.tuple(whole, fc.nat(), fc.nat(255), fc.nat(3)).map(([encoded, at, value, cut]) => {
    const copy = encoded.slice(0, encoded.length - (cut === 3 ? 1 : 0));
    if (cut > 0 && copy.length > 0) copy[at % copy.length] = value;
    return copy;
  });
  fc.assert(
    fc.property(fc.oneof(whole, mutated, fc.uint8Array({ minLength: 1, maxLength: 12 })), (encoded) => {
      const decoded = decodeCbor(encoded);
      const expected = decoded.ok && isRequest(decoded.value) ? decoded.value : undefined;
      assert.equal(decodeItems(encoded), expected);
    }),
    { numRuns: 5000 },
  );
});

test.run();
