import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Access } from '../../broker/authorisation.ts';
import { checkLimits, TokenBucket } from '../../broker/limits.ts';
import { labelOf } from '../../schemas/identity.ts';
import {
  type Bench,
  closed,
  connackOf,
  connectAs,
  expectOk,
  idOfSeed,
  loginOf,
  startBench,
} from './harness.ts';

const limits = expectOk(checkLimits({}));
const SETTLER = idOfSeed(50);
/** The owner of the topic (the seller of the lease), its counterparty, and anyone else. */
const [OWNER, PARTY, OTHER] = [idOfSeed(1), idOfSeed(2), idOfSeed(3)];
const LEASE = labelOf(new Uint8Array(32).fill(7));
const LEASE_TOPIC = `tb1/l/${OWNER}/${PARTY}/${LEASE}`;

/** Who may write and read each topic of the owner's, and whether it may be retained. */
const MATRIX: readonly (readonly [
  topic: string,
  writers: string[],
  readers: string[],
  retainable: boolean,
])[] = [
  [`tb1/${OWNER}/status`, [OWNER], [OWNER, PARTY, OTHER, SETTLER], true],
  [`tb1/${OWNER}/profile`, [OWNER], [OWNER, PARTY, OTHER, SETTLER], true],
  [`tb1/${OWNER}/demand`, [OWNER], [OWNER, PARTY, OTHER, SETTLER], true],
  [`tb1/${PARTY}/in/${OWNER}`, [OWNER], [PARTY], false],
  [`tb1/${OWNER}/in/${PARTY}`, [PARTY], [OWNER], false],
  [`${LEASE_TOPIC}/r`, [OWNER], [PARTY], false],
  [`${LEASE_TOPIC}/p`, [PARTY], [OWNER], false],
  [`tb1/s/a0/in/${OWNER}`, [OWNER], [SETTLER], false],
];

const accessOf = (user: string, given = limits): Access => new Access(user, SETTLER, given, 0);
const messageTo = (topic: string, more: object = {}) => ({ topic, payload: Buffer.alloc(1), ...more });

const access = suite('Access');

for (const [topic, writers, readers, retainable] of MATRIX) {
  access(`lets only its writers write, and only its readers read ${topic}`, () => {
    for (const user of [OWNER, PARTY, OTHER, SETTLER]) {
      const writes = accessOf(user).publish(messageTo(topic), 0);
      assert.is(writes?.code, writers.includes(user) ? undefined : 'not-authorised', `${user} writes`);
      const will = accessOf(user).write(messageTo(topic));
      assert.is(will?.code, writes?.code, `the will of ${user}`);
      const reads = accessOf(user).subscribe(topic, 0);
      assert.is(reads.ok, readers.includes(user), `${user} reads`);
    }
  });

  access(`${retainable ? 'retains' : 'never retains'} ${topic}`, () => {
    const refusal = accessOf(writers[0]!).publish(messageTo(topic, { retain: true }), 0);
    assert.is(refusal?.code, retainable ? undefined : 'not-authorised');
  });
}

access('judges a topic alike the first time and after', () => {
  const owner = accessOf(OWNER);
  for (let i = 0; i < 3; i++) {
    assert.is(owner.publish(messageTo(`tb1/${OWNER}/status`), 0), undefined);
    assert.is(owner.publish(messageTo(`tb1/${OTHER}/status`), 0)?.code, 'not-authorised');
    assert.is(
      owner.publish(messageTo(`tb1/${OTHER}/in/${OWNER}`, { retain: true }), 0)?.code,
      'not-authorised',
    );
    assert.is(owner.publish(messageTo(`tb1/${OTHER}/in/${OWNER}`), 0), undefined);
  }
});

access('judges alike when it has forgotten', () => {
  const owner = accessOf(OWNER);
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 600; n++) {
      const to = labelOf(new Uint8Array(32).fill(n & 255).fill(n >> 8, 0, 1));
      assert.is(owner.publish(messageTo(`tb1/${to}/in/${OWNER}`), 0), undefined);
      assert.is(owner.publish(messageTo(`tb1/${to}/in/${OTHER}`), 0)?.code, 'not-authorised');
    }
  }
});

access("takes filters with a wildcard that can match only what is the reader's", () => {
  const owner = accessOf(OWNER);
  for (const filter of [
    'tb1/+/status',
    `tb1/${OWNER}/in/+`,
    `tb1/l/${OWNER}/+/+/p`,
    `tb1/l/+/${OWNER}/+/r`,
  ]) {
    assert.ok(owner.subscribe(filter, 0).ok, filter);
  }
  for (const filter of ['#', 'tb1/#', '+/+/in/+', 'tb1/+/in/+', 'tb1/l/+/+/+/r', 'tb1/s/+/in/+', '$SYS/#']) {
    assert.not.ok(owner.subscribe(filter, 0).ok, filter);
  }
  assert.ok(accessOf(SETTLER).subscribe('tb1/s/+/in/+', 0).ok);
});

access('refuses topics outside the grammar, QoS 2 and payloads over the maximum', () => {
  const owner = accessOf(OWNER, { ...limits, payloadBytesMax: 100 });
  const to = `tb1/${OTHER}/in/${OWNER}`;
  for (const topic of ['', 'a', `tb2/${OWNER}/status`, `tb1/${OWNER}/other`, `${to}/more`, `$SYS/${OWNER}`]) {
    assert.is(owner.publish(messageTo(topic), 0)?.code, 'topic-malformed', topic);
  }
  assert.is(owner.publish(messageTo(to, { qos: 2 }), 0)?.code, 'not-authorised');
  assert.is(owner.publish({ topic: to, payload: Buffer.alloc(101) }, 0)?.code, 'message-too-long');
  assert.is(owner.publish({ topic: to, payload: Buffer.alloc(100) }, 0), undefined);
});

access('refuses messages over the rate, and takes them again when time has passed', () => {
  const slow = accessOf(OWNER, { ...limits, messagesPerSecondMax: 10, messagesBurstMax: 3 });
  const message = messageTo(`tb1/${OWNER}/status`);
  const codes = [0, 0, 0, 0, 99, 100, 100].map((nowMs) => slow.publish(message, nowMs)?.code);
  const over = 'rate-exceeded';
  assert.equal(codes, [undefined, undefined, undefined, over, over, undefined, over]);
  assert.is(slow.write(message), undefined);
});

access('refuses filters over their number and rate, and counts each once', () => {
  const filterOf = (n: number): string => `tb1/${labelOf(new Uint8Array(32).fill(n))}/status`;
  const few = accessOf(OWNER, { ...limits, subscriptionsMax: 2, subscriptionsPerSecondMax: 1 });
  const subscribe = (n: number, nowMs: number): string => {
    const answer = few.subscribe(filterOf(n), nowMs);
    return answer.ok ? 'ok' : answer.code;
  };
  assert.equal(
    [subscribe(1, 0), subscribe(2, 0), subscribe(1, 0), subscribe(3, 0)],
    ['ok', 'ok', 'ok', 'busy'],
  );
  few.unsubscribe(filterOf(1));
  assert.equal([subscribe(3, 0), subscribe(3, 1000)], ['rate-exceeded', 'ok']);
});

access.run();

const bucket = suite('TokenBucket');

bucket('never gives more than its burst and its rate, whatever the clock does', () => {
  const tokens = new TokenBucket(1000, 5, 10_000);
  const takeAll = (nowMs: number): number => {
    let taken = 0;
    while (tokens.take(nowMs)) taken++;
    return taken;
  };
  assert.equal([10_000, 10_002, 10_002, 60_000].map(takeAll), [5, 2, 0, 5]);
  assert.equal([1_000, 1_001, 60_000].map(takeAll), [0, 1, 5]);
});

bucket.run();

const wire = suite<{ bench: Bench }>('authorisation on the wire');

wire.before.each(async (context) => {
  context.bench = await startBench();
});
wire.after.each(async (context) => {
  await context.bench.stop();
});

const grantOf = async (client: MqttClient, filter: string): Promise<number> => {
  try {
    return (await client.subscribeAsync(filter, { qos: 1 }))[0]!.qos;
  } catch {
    return 128;
  }
};

wire('ends a connection that writes what is not its own, and nobody gets the message', async ({ bench }) => {
  const reader = await connectAs(bench, 2);
  assert.is(await grantOf(reader, `tb1/${PARTY}/in/+`), 1);
  const got: string[] = [];
  reader.on('message', (_topic, payload) => got.push(payload.toString()));
  const liar = await connectAs(bench, 3);
  const ended = closed(liar);
  liar.publish(`tb1/${PARTY}/in/${OWNER}`, 'forged');
  liar.publish(`tb1/${PARTY}/in/${OTHER}`, 'after it');
  await ended;
  assert.is((await bench.logged('refused', 'not-authorised')).client, OTHER);
  const owner = await connectAs(bench, 1);
  const next = new Promise((resolve) => reader.once('message', resolve));
  await owner.publishAsync(`tb1/${PARTY}/in/${OWNER}`, 'true', { qos: 1 });
  await next;
  assert.equal(got, ['true']);
  assert.is(bench.broker.stats().refused['not-authorised'], 1);
  await owner.endAsync();
  await reader.endAsync();
});

wire('answers a filter that is not for the reader with 0x80, and goes on', async ({ bench }) => {
  const client = await connectAs(bench, 1);
  assert.is(await grantOf(client, `tb1/${OTHER}/in/+`), 128);
  assert.is(await grantOf(client, '#'), 128);
  assert.is(await grantOf(client, `${LEASE_TOPIC}/p`), 1);
  assert.ok(client.connected);
  await client.endAsync();
});

wire('refuses a CONNECT whose will is not its own to say', async ({ bench }) => {
  const will = { topic: `tb1/${OTHER}/status`, payload: Buffer.from('dead'), qos: 1 as const, retain: true };
  assert.is(await connackOf(bench, loginOf(1), { will }), 5);
  assert.is(await connackOf(bench, loginOf(1), { will: { ...will, topic: `tb1/${OWNER}/in/${OWNER}` } }), 5);
  assert.is(await connackOf(bench, loginOf(1), { will: { ...will, topic: `tb1/${OWNER}/status` } }), 0);
});

wire('says the will of a client that died, retained, and not of one that left', async ({ bench }) => {
  const topic = `tb1/${OWNER}/status`;
  const watcher = await connectAs(bench, 2);
  await watcher.subscribeAsync(topic, { qos: 1 });
  const willed = { will: { topic, payload: Buffer.from('dead'), qos: 1 as const, retain: true } };
  const leaver = await connectAs(bench, 1, willed);
  await leaver.endAsync();
  const told = new Promise<string>((resolve) =>
    watcher.once('message', (_topic, payload) => resolve(payload.toString())),
  );
  const mortal = await connectAs(bench, 1, willed);
  await mortal.publishAsync(topic, 'born', { qos: 1, retain: true });
  assert.is(await told, 'born');
  const death = new Promise<void>((resolve) => watcher.once('message', () => resolve()));
  mortal.stream.destroy();
  await death;
  const late = await connectAs(bench, 3);
  const retained = new Promise<[string, boolean]>((resolve) =>
    late.once('message', (_topic, payload, packet) => resolve([payload.toString(), packet.retain])),
  );
  await late.subscribeAsync(topic, { qos: 1 });
  assert.equal(await retained, ['dead', true]);
  await late.endAsync();
  await watcher.endAsync();
});

wire.run();
