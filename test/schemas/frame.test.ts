import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, utf8Encode } from '../../schemas/bytes.ts';
import { cobsDecode, cobsEncode, cobsLengthMax } from '../../schemas/cobs.ts';
import { crc32 } from '../../schemas/crc32.ts';
import { encodeFrame, FrameDecoder, type Noise } from '../../schemas/frame.ts';
import { bytesOf } from './vectors.ts';

const MESSAGE_BYTES_MAX = 700;
/** Zeros and full runs of 254 are where byte stuffing goes wrong. */
const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ min: 0, max: 2, maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 250, max: 514 }), fc.uint8Array({ max: 1, maxLength: 8 }))
    .map((pair) => new Uint8Array([...new Uint8Array(pair[0]).fill(7), ...pair[1]])),
);
const messages = someBytes.filter((bytes) => bytes.length > 0);

const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Pushes the stream in chunks of the given sizes, in turn, and collects all that comes out. */
const decodeAll = (stream: Uint8Array, sizes: readonly number[] = [stream.length]) => {
  const decoder = new FrameDecoder(MESSAGE_BYTES_MAX);
  const received: string[] = [];
  const noise: Noise[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const end = at + sizes[turn % sizes.length]!;
    decoder.push(
      stream.subarray(at, end),
      (message) => received.push(toHex(message)),
      (piece) => noise.push(piece),
    );
    at = end;
  }
  return { received, noise, goodEnd: decoder.goodEnd };
};

const chunks = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 });
/** Without a zero: line noise, or the text of a boot loader. */
const garbage = fc.uint8Array({ min: 1, minLength: 1, maxLength: 2000 });

const crc = suite('crc32');

crc('gives the check value of CRC-32 and agrees with zlib', () => {
  assert.is(crc32(utf8Encode('123456789'), 9), 0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      assert.is(crc32(bytes, bytes.length), zlibCrc32(bytes)),
    ),
  );
});

crc('covers the first bytes only', () => assert.is(crc32(utf8Encode('123456789 and more'), 9), 0xcbf43926));

crc.run();

const cobs = suite('cobs');

cobs('writes the examples of the paper', () => {
  const run = (from: number, to: number): string =>
    toHex(Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i));
  const examples: readonly [string, string][] = [
    ['', '01'],
    ['00', '0101'],
    ['0000', '010101'],
    ['001100', '01021101'],
    ['11220033', '0311220233'],
    ['11223344', '0511223344'],
    ['11000000', '0211010101'],
    [run(1, 254), `ff${run(1, 254)}`],
    [`00${run(1, 254)}`, `01ff${run(1, 254)}`],
    [run(1, 255), `ff${run(1, 254)}02ff`],
    [`${run(2, 255)}00`, `ff${run(2, 255)}0101`],
    [`${run(3, 255)}0001`, `fe${run(3, 255)}0201`],
  ];
  for (const example of examples) {
    assert.is(toHex(cobsEncode(bytesOf(example[0]))), example[1]);
    assert.is(toHex(cobsDecode(bytesOf(example[1]))!), example[0]);
  }
});

cobs('gives back any bytes, holds no zero and keeps to its length', () => {
  fc.assert(
    fc.property(someBytes, (bytes) => {
      const stuffed = cobsEncode(bytes);
      assert.not(stuffed.includes(0));
      assert.ok(stuffed.length <= cobsLengthMax(bytes.length));
      assert.equal(new Uint8Array(cobsDecode(stuffed)!), bytes);
    }),
  );
});

cobs.run();

const frame = suite('FrameDecoder');

frame('gives every message back, in order, whatever the chunks', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 6 }), chunks, (sent, sizes) => {
      const stream = join(sent.map(encodeFrame));
      assert.equal(decodeAll(stream, sizes), {
        received: sent.map(toHex),
        noise: [],
        goodEnd: stream.length,
      });
    }),
  );
});

frame('loses nothing but noise, which it hands over byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(garbage, messages), { maxLength: 5 }), chunks, (pairs, sizes) => {
      const zero = new Uint8Array(1);
      const stream = join(pairs.flatMap((pair) => [pair[0], zero, encodeFrame(pair[1])]));
      const decoded = decodeAll(stream, sizes);
      assert.equal(
        decoded.received,
        pairs.map((pair) => toHex(pair[1])),
      );
      assert.is(
        toHex(join(decoded.noise.map((piece) => piece.bytes))),
        toHex(join(pairs.map((pair) => pair[0]))),
      );
      for (const piece of decoded.noise)
        assert.equal(piece.bytes, stream.slice(piece.offset, piece.offset + piece.bytes.length));
      assert.is(decoded.goodEnd, stream.length);
    }),
  );
});

frame('loses only the frame that noise runs into', () => {
  fc.assert(
    fc.property(garbage, messages, messages, chunks, (noise, hit, next, sizes) => {
      const decoded = decodeAll(join([noise, encodeFrame(hit), encodeFrame(next)]), sizes);
      assert.equal(decoded.received, [toHex(next)]);
      assert.ok(decoded.noise.length > 0);
    }),
  );
});

frame('never accepts a frame with one bit turned, and always the next one', () => {
  fc.assert(
    fc.property(messages, messages, fc.nat(), chunks, (hit, next, bit, sizes) => {
      const damaged = encodeFrame(hit);
      const at = bit % (damaged.length * 8);
      damaged[at >> 3]! ^= 1 << (at & 7);
      const decoded = decodeAll(join([damaged, new Uint8Array(1), encodeFrame(next)]), sizes);
      assert.equal(decoded.received, [toHex(next)]);
      assert.ok(decoded.noise.length > 0);
    }),
    { numRuns: 1000 },
  );
});

frame('invents no message from bytes at random', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 12, maxLength: 2000 }), chunks, (stream, sizes) => {
      assert.equal(decodeAll(stream, sizes).received, []);
    }),
  );
});

frame('tells where the last good frame ended, wherever the tail is torn', () => {
  fc.assert(
    fc.property(fc.array(messages, { minLength: 1, maxLength: 5 }), fc.nat(), chunks, (sent, cut, sizes) => {
      const frames = sent.map(encodeFrame);
      const stream = join(frames);
      const torn = stream.subarray(0, cut % (stream.length + 1));
      let goodEnd = 0;
      for (const one of frames)
        if (goodEnd + one.length <= torn.length) goodEnd += one.length;
        else break;
      const decoded = decodeAll(torn, sizes);
      assert.is(decoded.goodEnd, goodEnd);
      assert.equal(decoded.noise, []);
    }),
  );
});

frame('hands over a line that never ends as it comes, and holds none of it', () => {
  const decoder = new FrameDecoder(16);
  const chunk = new Uint8Array(4096).fill(0x55);
  let discarded = 0;
  for (let i = 0; i < 1000; i++) {
    decoder.push(
      chunk,
      () => assert.unreachable(),
      (piece) => {
        assert.is(piece.code, 'frame-too-long');
        assert.is(piece.offset, discarded);
        discarded += piece.bytes.length;
      },
    );
  }
  assert.is(discarded, 1000 * chunk.length);
});

frame('gives messages and noise that outlive the chunk', () => {
  const stream = Buffer.from(join([encodeFrame(Uint8Array.of(1, 2, 3)), Uint8Array.of(9, 9, 0)]));
  const kept: Uint8Array[] = [];
  new FrameDecoder(16).push(
    stream,
    (message) => kept.push(message),
    (piece) => kept.push(piece.bytes),
  );
  stream.fill(0xaa);
  assert.equal(kept.map(toHex), ['010203', '0909']);
});

frame('takes a message of the largest size and none above', () => {
  for (const fill of [0, 1]) {
    const largest = new Uint8Array(MESSAGE_BYTES_MAX).fill(fill);
    assert.equal(decodeAll(encodeFrame(largest)).received, [toHex(largest)]);
    const larger = decodeAll(encodeFrame(new Uint8Array(MESSAGE_BYTES_MAX + 1).fill(fill)));
    assert.equal(larger.received, []);
    assert.equal(
      larger.noise.map((piece) => piece.code),
      ['frame-too-long'],
    );
  }
});

frame('frames no empty message', () =>
  assert.throws(() => encodeFrame(new Uint8Array(0)), /at least one byte/),
);

frame.run();
