import type { Socket } from 'node:net';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PacketScanner } from '../../broker/packets.ts';
import { type Bench, connectAs, idOfSeed, loginOf, openSocket, socketClosed, startBench } from './harness.ts';
import { admitted, connectPacket, packet, publishPacket, subscribe } from './wire.ts';

const scanAll = (scanner: PacketScanner, bytes: Uint8Array, cuts: readonly number[]): string => {
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    const scanned = scanner.scan(bytes.subarray(at, Math.max(at, cut)));
    if (!scanned.ok) return scanned.code;
    at = Math.max(at, cut);
  }
  return 'ok';
};

const scanner = suite('PacketScanner');

scanner('takes packets up to the maximum and refuses the one after, however they are cut', () => {
  const max = 1000 + 92;
  const sizes = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(0, 127, 128, max, max + 1)), { maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(5000)), (lengths, cuts) => {
      const packets = lengths.map((length) => packet(0x30, Buffer.alloc(length, 0x30)));
      const stream = Buffer.concat([connectPacket(loginOf(1)), ...packets]);
      const expected = lengths.some((length) => length > max) ? 'message-too-long' : 'ok';
      assert.is(scanAll(new PacketScanner(1000), stream, cuts), expected);
    }),
  );
});

scanner(
  'refuses a stream that does not begin with CONNECT, a CONNECT over 4096 bytes, an endless length',
  () => {
    const scan = (bytes: Buffer): string => scanAll(new PacketScanner(100_000), bytes, []);
    assert.is(scan(Buffer.from('GET / HTTP/1.1\r\n')), 'packet-malformed');
    assert.is(scan(packet(0x30, Buffer.alloc(10))), 'packet-malformed');
    assert.is(scan(packet(0x10, Buffer.alloc(4097))), 'message-too-long');
    assert.is(scan(packet(0x10, Buffer.alloc(4096))), 'ok');
    assert.is(scan(Buffer.from([0x10, 255, 255, 255, 255, 1])), 'packet-malformed');
  },
);

scanner.run();

const hostile = suite<{ bench: Bench }>('hostile bytes');

hostile.before.each(async (context) => {
  context.bench = await startBench();
});
hostile.after.each(async (context) => {
  await context.bench.stop();
});

const stillServes = async (bench: Bench): Promise<void> => {
  const client = await connectAs(bench, 1);
  await client.publishAsync(`tb1/${idOfSeed(1)}/status`, 'alive', { qos: 1 });
  await client.endAsync();
};

hostile('ends whoever sends garbage, and serves the others', async ({ bench }) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 64 }), fc.boolean(), async (noise, begun) => {
      const socket = begun ? await admitted(bench, 5) : await openSocket(bench.port);
      socket.end(Buffer.from(noise));
      await socketClosed(socket);
    }),
    { numRuns: 60 },
  );
  await stillServes(bench);
});

hostile('ends whoever announces 256 MB, before a byte of it is kept', async ({ bench }) => {
  for (const socket of [await admitted(bench, 6), await openSocket(bench.port)]) {
    socket.write(Buffer.from([socket.bytesRead > 0 ? 0x30 : 0x10, 0xff, 0xff, 0xff, 0x7f]));
    await socketClosed(socket);
  }
  await bench.logged('refused', 'message-too-long');
});

hostile('ends whoever floods before the answer to CONNECT', async ({ bench }) => {
  const socket = await openSocket(bench.port);
  const flood = publishPacket(`tb1/${idOfSeed(7)}/status`, Buffer.alloc(1));
  socket.write(Buffer.concat([connectPacket(loginOf(7)), ...Array.from({ length: 100 }, () => flood)]));
  await socketClosed(socket);
  await stillServes(bench);
});

hostile('takes the first messages behind a CONNECT without waiting for its answer', async ({ bench }) => {
  const watcher = await connectAs(bench, 2);
  await watcher.subscribeAsync(`tb1/${idOfSeed(8)}/status`);
  const told = new Promise<string>((resolve) =>
    watcher.once('message', (_topic, payload) => resolve(`${payload}`)),
  );
  const socket = await openSocket(bench.port);
  const birth = publishPacket(`tb1/${idOfSeed(8)}/status`, Buffer.from('born'));
  socket.write(Buffer.concat([connectPacket(loginOf(8)), birth]));
  assert.is(await told, 'born');
  socket.destroy();
  await watcher.endAsync();
});

hostile('ends a second CONNECT on one connection', async ({ bench }) => {
  const socket = await admitted(bench, 9);
  socket.write(connectPacket(loginOf(9)));
  await socketClosed(socket);
});

hostile('survives topics of a hundred levels, of wildcards and of no UTF-8', async ({ bench }) => {
  const topics = ['/'.repeat(80), 'tb1/+/status', 'tb1/#', '\ud800', '', '__proto__', 'constructor'];
  for (const topic of topics) {
    const socket = await admitted(bench, 10);
    socket.write(publishPacket(topic, Buffer.from('x')));
    await socketClosed(socket);
  }
  const subscriber = await admitted(bench, 10);
  assert.is(await subscribe(subscriber, '__proto__', 1), 128);
  subscriber.destroy();
  await stillServes(bench);
});

hostile('ends a peer that has fallen silent for longer than it promised', async ({ bench }) => {
  const socket = await admitted(bench, 11, 1);
  await socketClosed(socket);
  await bench.logged('refused', 'timeout');
});

hostile('serves on after sockets that close at any moment', async ({ bench }) => {
  const bytes = Buffer.concat([
    connectPacket(loginOf(12)),
    publishPacket(`tb1/${idOfSeed(12)}/status`, Buffer.alloc(9)),
  ]);
  const sockets: Socket[] = [];
  for (let length = 0; length <= bytes.length; length += 16) {
    const socket = await openSocket(bench.port);
    sockets.push(socket);
    if (length % 32 === 0) socket.end(bytes.subarray(0, length));
    else socket.write(bytes.subarray(0, length), () => socket.resetAndDestroy());
  }
  await Promise.all(sockets.map(socketClosed));
  await stillServes(bench);
});

hostile.run();
