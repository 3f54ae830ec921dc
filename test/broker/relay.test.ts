import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { labelOf } from '../../schemas/identity.ts';
import { type Bench, brokerId, connectAs, expectOk, idOfSeed, startBench } from './harness.ts';
import { admitted, publishPacket, subscribe } from './wire.ts';

const [SELLER, BUYER, OTHER] = [idOfSeed(1), idOfSeed(2), idOfSeed(3)];
const READINGS = `tb1/l/${SELLER}/${BUYER}/${labelOf(new Uint8Array(32).fill(7))}/r`;

/** Every message that arrives, and a promise of the moment there are that many. */
const collect = (client: MqttClient) => {
  const texts: string[] = [];
  let wanted = Number.POSITIVE_INFINITY;
  let tell = (): void => undefined;
  client.on('message', (_topic, payload) => {
    texts.push(payload.toString());
    if (texts.length >= wanted) tell();
  });
  const count = (n: number): Promise<string[]> =>
    new Promise((resolve) => {
      wanted = n;
      tell = () => resolve(texts);
      if (texts.length >= n) tell();
    });
  return { texts, count };
};

const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i));

const relay = suite<{ bench: Bench }>('relay');

relay.before.each(async (context) => {
  context.bench = await startBench({ limits: { drainTimeoutMs: 700 } });
});
relay.after.each(async (context) => {
  await context.bench.stop();
});

for (const qos of [0, 1] as const) {
  relay(`hands on 5,000 messages of QoS ${qos} once and in order`, async ({ bench }) => {
    const buyer = await connectAs(bench, 2);
    const seller = await connectAs(bench, 1);
    await buyer.subscribeAsync(READINGS, { qos });
    const got = collect(buyer);
    for (const number of numbers(5000)) seller.publish(READINGS, number, { qos });
    assert.equal(await got.count(5000), numbers(5000));
    assert.ok(bench.broker.stats().delivered >= 5000);
    await seller.endAsync();
    await buyer.endAsync();
  });
}

relay('hands on what is retained between messages that are not', async ({ bench }) => {
  const reader = await connectAs(bench, 2);
  const owner = await connectAs(bench, 1);
  await reader.subscribeAsync(`tb1/${SELLER}/status`, { qos: 1 });
  const got = collect(reader);
  for (let i = 0; i < 100; i++) owner.publish(`tb1/${SELLER}/status`, String(i), { retain: i % 2 === 0 });
  assert.equal((await got.count(100)).sort(), numbers(100).sort());
  await owner.endAsync();
  await reader.endAsync();
});

relay('cuts off a reader that does not read, and its writer goes on', async ({ bench }) => {
  const frozen = await admitted(bench, 2);
  assert.is(await subscribe(frozen, READINGS, 0), 0);
  frozen.pause();
  const seller = await connectAs(bench, 1);
  // More than the kernel's buffers on both sides and the broker's own.
  const payload = Buffer.alloc(30_000);
  for (let i = 0; i < 600; i++) seller.publish(READINGS, payload);
  const cut = await bench.logged('refused', 'timeout');
  assert.is(cut.client, BUYER);
  const other = await connectAs(bench, 3);
  await other.subscribeAsync(`tb1/${OTHER}/in/+`);
  const got = collect(other);
  await seller.publishAsync(`tb1/${OTHER}/in/${SELLER}`, 'still here', { qos: 1 });
  assert.equal(await got.count(1), ['still here']);
  frozen.destroy();
  await other.endAsync();
  await seller.endAsync();
});

relay('relays between others while a writer waits for a reader that does not read', async () => {
  const bench = await startBench({ limits: { drainTimeoutMs: 60_000 } });
  const frozen = await admitted(bench, 2);
  await subscribe(frozen, READINGS, 0);
  frozen.pause();
  const writer = await admitted(bench, 1);
  const message = publishPacket(READINGS, Buffer.alloc(100));
  const flood = 100_000;
  writer.write(Buffer.concat(Array.from({ length: flood }, () => message)));
  const waits = async (): Promise<boolean> => {
    const before = bench.broker.stats().published;
    await echo();
    return before > 1000 && bench.broker.stats().published === before + 1;
  };
  const other = await connectAs(bench, 3);
  await other.subscribeAsync(`tb1/${OTHER}/status`);
  const echo = async (): Promise<void> => {
    const told = new Promise((resolve) => other.once('message', resolve));
    other.publish(`tb1/${OTHER}/status`, 'x');
    await told;
  };
  while (!(await waits()));
  assert.ok(bench.broker.stats().published < flood);
  for (let i = 0; i < 200; i++) await echo();
  frozen.destroy();
  writer.destroy();
  await other.endAsync();
  await bench.stop();
});

relay('keeps nobody waiting for a reader of hints that does not read', async ({ bench }) => {
  const frozen = await admitted(bench, 3);
  for (const filter of ['tb1/+/status', `tb1/${OTHER}/in/+`]) await subscribe(frozen, filter, 0);
  frozen.pause();
  const accomplice = await connectAs(bench, 4);
  const payload = Buffer.alloc(30_000);
  for (let i = 0; i < 600; i++) accomplice.publish(`tb1/${OTHER}/in/${idOfSeed(4)}`, payload);
  const seller = await connectAs(bench, 1);
  const buyer = await connectAs(bench, 2);
  await buyer.subscribeAsync(READINGS);
  const got = collect(buyer);
  let sent = 0;
  const cutOff = (): boolean => bench.events.some((line) => line.code === 'timeout');
  while (bench.broker.stats().dropped === 0 && !cutOff()) {
    await seller.publishAsync(`tb1/${SELLER}/status`, String(sent), { qos: 1 });
    await seller.publishAsync(READINGS, String(sent++), { qos: 1 });
  }
  assert.ok(bench.broker.stats().dropped > 0);
  assert.equal((await got.count(sent)).length, sent);
  await bench.logged('refused', 'timeout');
  frozen.destroy();
  for (const client of [accomplice, seller, buyer]) await client.endAsync();
});

relay.run();

const attached = suite<{ bench: Bench }>('attach');

attached.before.each(async (context) => {
  context.bench = await startBench({ limits: { attachedMax: 2 } });
});
attached.after.each(async (context) => {
  await context.bench.stop();
});

attached('hands requests to the settler with their writer, and its answers to them', async ({ bench }) => {
  const client = await connectAs(bench, 1);
  await client.subscribeAsync(`tb1/${SELLER}/in/+`, { qos: 1 });
  const got = collect(client);
  const settler = await bench.broker.attach({
    filters: ['tb1/s/+/in/+'],
    onMessage: async (topic, payload, from) => {
      assert.is(Object.getPrototypeOf(payload), Uint8Array.prototype);
      const answer = new TextEncoder().encode(`${topic.split('/')[2]} ${Buffer.from(payload)}`);
      expectOk(await settler.publish(`tb1/${from}/in/${brokerId}`, answer));
    },
  });
  await client.publishAsync(`tb1/s/a0/in/${SELLER}`, 'claim', { qos: 1 });
  assert.equal(await got.count(1), ['a0 claim']);
  await settler.detach();
  await client.publishAsync(`tb1/s/a0/in/${SELLER}`, 'unheard', { qos: 1 });
  await client.endAsync();
  assert.equal(got.texts, ['a0 claim']);
});

attached('makes writers wait for a settler that is behind, and loses nothing', async ({ bench }) => {
  const seller = await connectAs(bench, 1);
  const heard: string[] = [];
  const held: (() => void)[] = [];
  let all: () => void;
  const heardAll = new Promise<void>((resolve) => {
    all = resolve;
  });
  await bench.broker.attach({
    filters: ['tb1/s/+/in/+'],
    onMessage: async (_topic, payload) => {
      if (heard.push(Buffer.from(payload).toString()) === 200) all();
      await new Promise<void>((resolve) => {
        held.push(resolve);
        setImmediate(() => held.shift()?.());
      });
    },
  });
  for (const number of numbers(200)) seller.publish(`tb1/s/00/in/${SELLER}`, number, { qos: 1 });
  await heardAll;
  assert.equal(heard, numbers(200));
  await seller.endAsync();
});

attached('survives a receiver that throws, and tells of it', async ({ bench }) => {
  const seller = await connectAs(bench, 1);
  await bench.broker.attach({
    filters: ['tb1/s/+/in/+'],
    onMessage: () => {
      throw new Error('no book');
    },
  });
  await seller.publishAsync(`tb1/s/00/in/${SELLER}`, 'claim', { qos: 1 });
  assert.match((await bench.logged('receiver-failed')).detail!, 'no book');
  await seller.endAsync();
});

attached('publishes only to topics of the grammar', async ({ bench }) => {
  const settler = await bench.broker.attach({ filters: [], onMessage: () => undefined });
  const published = await settler.publish('anything', new Uint8Array(1));
  assert.is(published.ok ? 'ok' : published.code, 'topic-malformed');
});

attached.run();
