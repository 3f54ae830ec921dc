import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PacketShortener } from '../../broker/settler/cluster/shorten.ts';
import { packet } from '../broker/wire.ts';

const BYTES_MAX = 1000;
const CONNACK = Buffer.from('20020000', 'hex');

/** What is passed on of a stream that comes in these pieces, or the code of a refusal. */
const passed = (stream: Buffer, cuts: readonly number[] = []): Buffer | string => {
  const shortener = new PacketShortener(BYTES_MAX);
  const parts: Buffer[] = [];
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(stream.length)) {
    const taken = shortener.take(stream.subarray(from, Math.max(from, to)));
    if (!taken.ok) return taken.code;
    parts.push(...taken.value);
    from = Math.max(from, to);
  }
  return Buffer.concat(parts);
};

const shortener = suite('PacketShortener');

shortener(
  'passes packets on as they are but for the end of those that are too long, however they come',
  () => {
    const length = fc.oneof(fc.nat(300), fc.constantFrom(0, 127, 128, BYTES_MAX, BYTES_MAX + 1, 20_000));
    fc.assert(
      fc.property(fc.array(length, { maxLength: 8 }), fc.array(fc.nat(30_000)), (lengths, cuts) => {
        const bodies = lengths.map((bytes, i) => Buffer.alloc(bytes, 0x40 + i));
        const streamOf = (all: readonly Buffer[]): Buffer =>
          Buffer.concat([CONNACK, ...all.map((body) => packet(0x32, body))]);
        const expected = streamOf(bodies.map((body) => body.subarray(0, BYTES_MAX)));
        assert.equal(passed(streamOf(bodies), cuts), expected);
      }),
    );
  },
);

shortener('refuses what no broker begins with or sends, and an endless length', () => {
  assert.is(passed(Buffer.from('HTTP/1.1 400\r\n')), 'packet-malformed');
  assert.is(passed(packet(0x32, Buffer.alloc(10))), 'packet-malformed');
  assert.is(passed(Buffer.concat([CONNACK, packet(0x90, Buffer.alloc(BYTES_MAX + 1))])), 'message-too-long');
  assert.is(passed(Buffer.concat([CONNACK, Buffer.from([0x30, 255, 255, 255, 255, 1])])), 'packet-malformed');
});

shortener.run();
