import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GuardedStream } from '../../../firmware-bridge/mqtt/guarded-stream.ts';

const BYTES_MAX = 300;
const PINGRESP = Buffer.from([0xd0, 0]);

/** A PUBLISH of QoS 0 with so many bytes behind its header. */
const publish = (length: number): Buffer => {
  const header = [0x30];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    header.push((rest % 128) + (rest > 127 ? 128 : 0));
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, length)]);
};

/** What comes through of bytes that arrive in chunks, and what was swallowed. */
const through = async (
  bytes: Buffer,
  cuts: readonly number[],
): Promise<{ out: Buffer; swallowed: number[] }> => {
  const from = new PassThrough();
  const swallowed: number[] = [];
  const guarded = new GuardedStream(
    Duplex.from({ readable: from, writable: new PassThrough() }),
    BYTES_MAX,
    (length) => swallowed.push(length),
  );
  const out: Buffer[] = [];
  guarded.on('data', (chunk: Buffer) => out.push(chunk));
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.max(at, cut % (bytes.length + 1));
    from.write(bytes.subarray(at, to));
    at = to;
  }
  from.end(bytes.subarray(at));
  await once(guarded, 'close');
  return { out: Buffer.concat(out), swallowed };
};

const test = suite('GuardedStream');

test('lets packets through up to its size and swallows larger ones, however they arrive', async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.array(fc.nat(), { maxLength: 10 }), async (list, cuts) => {
      const packets = list.flatMap((length) => [PINGRESP, publish(length % 2 === 0 ? length % 310 : length)]);
      const { out, swallowed } = await through(Buffer.concat(packets), cuts);
      const sizeOf = (packet: Buffer): number =>
        packet.length - (packet.length > 16_386 ? 4 : packet.length > 130 ? 3 : 2);
      assert.ok(out.equals(Buffer.concat(packets.filter((packet) => sizeOf(packet) <= BYTES_MAX))));
      assert.equal(
        swallowed,
        packets.map(sizeOf).filter((size) => size > BYTES_MAX),
      );
    }),
    { numRuns: 60 },
  );
});

for (const [what, bytes] of [
  ['a length that never ends', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['a large packet that must be acknowledged', Buffer.from([0x32, 0xff, 0x7f])],
] as const) {
  test(`ends the connection at ${what}`, async () => {
    const guarded = new GuardedStream(
      Duplex.from({ readable: PassThrough.from([bytes]), writable: new PassThrough() }),
      BYTES_MAX,
      () => {},
    );
    const [error] = await once(guarded, 'error');
    assert.match((error as Error).message, 'the broker sends');
  });
}
test.run();
