import { Encoder } from 'cbor-x';
import * as cborg from 'cborg';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex } from '../../schemas/bytes.ts';
import {
  CBOR_BYTES_MAX,
  CBOR_DEPTH_MAX,
  CBOR_ITEMS_MAX,
  type Cbor,
  CborMap,
  CborTag,
  decodeCbor,
  encodeCbor,
} from '../../schemas/cbor.ts';
import { bytesOf, type Json, jsonOf, publicVectors } from './vectors.ts';

const integers = fc.oneof(fc.integer(), fc.maxSafeInteger());
const texts = fc.string({ unit: 'binary', maxLength: 40 });
const keys = fc.oneof(integers, texts);
const { item: items } = fc.letrec<{ item: Cbor }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 5 },
    integers,
    texts,
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(true, false, null),
    fc.array(tie('item'), { maxLength: 30 }),
    fc.tuple(fc.integer({ min: 0 }), tie('item')).map((pair) => new CborTag(pair[0], pair[1])),
    fc
      .uniqueArray(fc.tuple(keys, tie('item')), { selector: (pair) => pair[0], maxLength: 30 })
      .map((pairs) => new CborMap(pairs)),
  ),
}));

/** The same value for cborg. */
const foreign = (item: Cbor): unknown => {
  if (item === null || typeof item !== 'object' || item instanceof Uint8Array) return item;
  if (item instanceof CborMap) return new Map(item.pairs.map((pair) => [pair[0], foreign(pair[1])]));
  if (item instanceof CborTag) return new cborg.Tagged(item.tag, foreign(item.value));
  return item.map(foreign);
};

const encode = suite('encodeCbor');

encode('writes byte for byte what cborg writes under RFC 8949 section 4.2.1', () => {
  fc.assert(
    fc.property(items, (item) => {
      const reference = cborg.encode(foreign(item), cborg.rfc8949EncodeOptions);
      assert.is(toHex(encodeCbor(item)), toHex(reference));
    }),
  );
});

encode('throws on what CBOR does not carry here', () => {
  const deep = Array.from({ length: 17 }).reduce<Cbor>((inner) => [inner], 0);
  const twice = new CborMap([
    ['a', 1],
    ['a', 2],
  ]);
  const strange = [
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -(2 ** 53),
    undefined,
    1n,
    '\ud800',
    {},
  ];
  for (const value of [...strange, deep, twice])
    assert.throws(() => encodeCbor(value as Cbor), String(value));
});

encode('writes minus zero as zero', () => assert.is(toHex(encodeCbor(-0)), '00'));

encode.run();

const decode = suite('decodeCbor');

decode('gives back what was encoded', () => {
  fc.assert(
    fc.property(items, (item) => {
      const bytes = encodeCbor(item);
      const decoded = decodeCbor(bytes);
      assert.ok(decoded.ok);
      assert.is(toHex(encodeCbor(decoded.value)), toHex(bytes));
      // Maps come back sorted: what is compared is their content.
      if (!JSON.stringify(jsonOf(item)).includes('"pairs"'))
        assert.equal(jsonOf(decoded.value), jsonOf(item));
    }),
  );
});

decode('reads from a map what was put there, under integers and texts', () => {
  fc.assert(
    fc.property(fc.uniqueArray(keys, { maxLength: 30 }), (names) => {
      const decoded = decodeCbor(encodeCbor(new CborMap(names.map((name, at) => [name, at]))));
      assert.ok(decoded.ok && decoded.value instanceof CborMap);
      for (let at = 0; at < names.length; at++) assert.is(decoded.value.get(names[at]!), at);
      assert.is(decoded.value.get('not there, longer than any text of forty characters'), undefined);
    }),
  );
});

decode('is understood by cbor-x', () => {
  const reader = new Encoder({ mapsAsObjects: false });
  const plain = fc.letrec<{ item: Json }>((tie) => ({
    item: fc.oneof({ maxDepth: 4 }, integers, texts, fc.boolean(), fc.constant(null), fc.array(tie('item'))),
  })).item;
  fc.assert(
    fc.property(plain, (item) => {
      const read: unknown = reader.decode(encodeCbor(item as Cbor));
      assert.is(
        JSON.stringify(read, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
        JSON.stringify(item),
      );
    }),
  );
});

/** Bytes from outside never throw, and what is accepted is exactly what we would have written. */
const survives = (bytes: Uint8Array): void => {
  const decoded = decodeCbor(bytes);
  if (decoded.ok) assert.is(toHex(encodeCbor(decoded.value)), toHex(bytes));
  else assert.match(decoded.code, /^cbor-/);
};

decode('accepts no bytes that the encoder would not write: random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), survives), { numRuns: 5000 });
});

decode('accepts no bytes that the encoder would not write: mutations of good ones', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(items, mutations, fc.nat(), (item, changes, cut) => {
      const bytes = encodeCbor(item);
      const shortened = bytes.subarray(0, cut % (bytes.length + 1));
      survives(shortened);
      assert.ok(
        shortened.length === bytes.length || !decodeCbor(shortened).ok,
        'no message is the beginning of another',
      );
      for (const change of changes) bytes[change[0] % bytes.length] = change[1];
      survives(bytes);
    }),
    { numRuns: 2000 },
  );
});

decode('takes a message at each maximum, and none beyond', () => {
  const nested = (depth: number): Uint8Array => new Uint8Array(depth + 1).fill(0x81, 0, depth);
  const listed = (items: number): Uint8Array =>
    Uint8Array.of(0x99, (items - 1) >> 8, (items - 1) & 255, ...new Uint8Array(items - 1));
  const long = (bytes: number): Uint8Array => {
    const head = Uint8Array.of(0x59, (bytes - 3) >> 8, (bytes - 3) & 255);
    const message = new Uint8Array(bytes);
    message.set(head);
    return message;
  };
  const maxima: readonly [(size: number) => Uint8Array, number, string][] = [
    [nested, CBOR_DEPTH_MAX, 'cbor-too-deep'],
    [listed, CBOR_ITEMS_MAX, 'cbor-too-many-items'],
    [long, CBOR_BYTES_MAX, 'cbor-too-long'],
  ];
  for (const row of maxima) {
    assert.ok(decodeCbor(row[0](row[1])).ok, row[2]);
    const beyond = decodeCbor(row[0](row[1] + 1));
    assert.is(beyond.ok ? 'accepted' : beyond.code, row[2]);
  }
});

decode('stops at its maxima before it allocates or recurses', () => {
  const heads = [0x81, 0x9a, 0xbb, 0x5b, 0x7b, 0xc4, 0xdb];
  for (const head of heads) {
    survives(new Uint8Array(CBOR_BYTES_MAX).fill(head));
    assert.not(decodeCbor(new Uint8Array(CBOR_BYTES_MAX).fill(head)).ok);
    assert.not(decodeCbor(Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).ok);
  }
});

decode('shares no memory with the bytes it read, even of a Buffer', () => {
  const buffer = Buffer.from(encodeCbor(Uint8Array.of(1, 2, 3)));
  const decoded = decodeCbor(buffer);
  buffer.fill(0);
  assert.ok(decoded.ok && equalBytes(decoded.value as Uint8Array, Uint8Array.of(1, 2, 3)));
});

type Example = {
  readonly hex: string;
  readonly roundtrip: boolean;
  readonly decoded?: unknown;
  readonly diagnostic?: string;
};

/** What our profile leaves out of RFC 8949: floats, undefined and simple values, integers beyond 2^53 - 1. */
const LEFT_OUT = /^(f9|fa|fb|f7|f0|f8|c1fb|1bffffffffffffffff|3bffffffffffffffff)/;

decode('reads RFC 8949 appendix A as far as our profile goes', () => {
  const examples = publicVectors<readonly Example[]>('cbor-rfc8949-appendix-a.json');
  if (examples === undefined) return;
  let read = 0;
  for (const example of examples) {
    const decoded = decodeCbor(bytesOf(example.hex));
    const expected = example.roundtrip && !LEFT_OUT.test(example.hex);
    assert.is(decoded.ok, expected, example.hex);
    if (!decoded.ok) continue;
    read++;
    assert.is(toHex(encodeCbor(decoded.value)), example.hex);
    const json = JSON.stringify(plainOf(decoded.value));
    if ('decoded' in example && !/^c[0-9a-f]/.test(example.hex))
      assert.is(json, JSON.stringify(example.decoded), example.hex);
  }
  assert.is(read, 42);
});

const plainOf = (item: Cbor): unknown => {
  if (item instanceof CborMap)
    return Object.fromEntries(item.pairs.map((pair) => [pair[0], plainOf(pair[1])]));
  return Array.isArray(item) ? item.map(plainOf) : item;
};

decode.run();
