import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../schemas/bytes.ts';
import { decodeStatus, encodeStatus, type Status, supersedes } from '../../schemas/status.ts';
import { ANY, inTopic, statusTopic } from '../../schemas/topic.ts';
import { type Bench, idOfSeed, startBench } from '../broker/harness.ts';
import { client, closeClients, folder } from './client.ts';

const SELF = 1;
const OTHER = 2;
const urlOf = (bench: Bench): string => `mqtt://127.0.0.1:${bench.port}`;
const statusIn = (event: string): Status => {
  const status = decodeStatus(Buffer.from(event.slice(event.indexOf(': ') + 2), 'hex'));
  if (!status.ok) throw new Error(status.detail);
  return status.value;
};
/** A birth and a death of an agent, as events of `Client`. */
const birthOf = (seed: number): RegExp => new RegExp(`^${statusTopic(idOfSeed(seed))}: 8301`);
const deathOf = (seed: number): RegExp => new RegExp(`^${statusTopic(idOfSeed(seed))}: 8300`);

const connections = suite<{ bench: Bench }>('connect');
connections.before.each(async (context) => {
  context.bench = await startBench();
});
connections.after.each(async (context) => {
  await closeClients();
  await context.bench.stop();
});

connections('exchanges messages of both qualities with a credential of its own', async ({ bench }) => {
  const [self, other] = [client(SELF, urlOf(bench)), client(OTHER, urlOf(bench))];
  await Promise.all([self.heard(/^up/), other.heard(/^up/)]);
  assert.ok(self.connection.connected);
  const topic = inTopic(idOfSeed(SELF), idOfSeed(OTHER));
  self.connection.subscribe(inTopic(idOfSeed(SELF), ANY));
  self.connection.publish(inTopic(idOfSeed(OTHER), idOfSeed(SELF)), new Uint8Array([0]));
  other.connection.subscribe(inTopic(idOfSeed(OTHER), ANY));
  // A subscription of one client and a message of another have no order: say it until it is heard.
  const said = setInterval(() => other.connection.publish(topic, new Uint8Array([1, 0, 255])), 20);
  await self.heard(new RegExp(`^${topic}: 0100ff$`));
  clearInterval(said);
  assert.ok(other.connection.publish(topic, new Uint8Array(0), { qos: 0 }).ok);
  await self.heard(new RegExp(`^${topic}: $`));
});

connections('keeps nothing while there is no connection', async ({ bench }) => {
  const self = client(SELF, urlOf(bench));
  const refused = self.connection.publish(inTopic(idOfSeed(OTHER), idOfSeed(SELF)), new Uint8Array(1));
  assert.ok(!refused.ok && refused.code === 'busy');
  await self.heard(/^up/);
  await self.connection.close();
  assert.not.ok(self.connection.connected);
  assert.not.ok(self.connection.publish('t', new Uint8Array(1)).ok);
});

connections('is born when it connects and dies when it is closed, retained', async ({ bench }) => {
  const self = client(SELF, urlOf(bench));
  await self.heard(/^up/);
  const watcher = client(OTHER, urlOf(bench));
  watcher.connection.subscribe(statusTopic(ANY));
  const birth = statusIn(await watcher.heard(birthOf(SELF)));
  assert.ok(birth.sequence > Date.now() - 60_000);
  await self.connection.close();
  assert.equal(statusIn(await watcher.heard(deathOf(SELF))), { ...birth, alive: false });
});

connections(
  'comes back to a broker that was away, with a rising number and its subscriptions',
  async (context) => {
    const { bench } = context;
    const self = client(SELF, urlOf(bench));
    const topic = inTopic(idOfSeed(SELF), idOfSeed(OTHER));
    self.connection.subscribe(topic);
    self.connection.subscribe(statusTopic(idOfSeed(SELF)));
    await self.heard(/^up/);
    await bench.stop();
    await self.heard(/^disconnected: no connection to mqtt:/);
    assert.not.ok(self.connection.connected);
    const listen = [{ transport: 'tcp' as const, host: '127.0.0.1', port: bench.port }];
    context.bench = await startBench({ listen });
    await self.heard(/^up/);
    const other = client(OTHER, urlOf(bench));
    await other.heard(/^up/);
    other.connection.publish(topic, new Uint8Array([7]));
    await self.heard(new RegExp(`^${topic}: 07$`));
    assert.is(self.events.filter((event) => event.startsWith('disconnected')).length, 1);
  },
);

/** A broker that is this test: says what is wanted, and shows what it is told. */
const scripted = async (answer: (connect: Buffer, attempt: number) => Buffer | null) => {
  const connects: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (connect) => {
      connects.push(connect);
      const reply = answer(connect, connects.length);
      if (reply === null) socket.destroy();
      else socket.write(reply);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { connects, url, close: () => server.close() };
};

/** The will of a CONNECT: the status is the last 12 to 20 bytes before the password, found by its beginning. */
const willOf = (connect: Buffer): Status => {
  const topic = Buffer.from('/status');
  const at = connect.indexOf(topic) + topic.length;
  const status = decodeStatus(new Uint8Array(connect.subarray(at + 2, at + 2 + connect.readUInt16BE(at))));
  if (!status.ok) throw new Error(status.detail);
  return status.value;
};

connections('uses each number once, and one above the last of an earlier start', async () => {
  const numberFile = join(folder, 'numbers');
  const future = Date.now() + 1_000_000;
  writeFileSync(numberFile, `${future}\n`);
  const broker = await scripted((_, attempt) => (attempt < 3 ? null : Buffer.from('20020000', 'hex')));
  const self = client(SELF, broker.url, { numberFile });
  await self.heard(/^up/);
  const wills = broker.connects.map(willOf);
  assert.equal(
    wills.map(({ alive, sequence }) => [alive, sequence]),
    [1, 2, 3].map((more) => [false, future + more]),
  );
  assert.equal(new Set(wills.map(({ instance }) => toHex(instance))).size, 1);
  assert.is(readFileSync(numberFile, 'utf8'), `${future + 3}\n`);
  await self.connection.close();
  broker.close();
});

connections('gets in again after its clock was years ahead', async ({ bench }) => {
  const numberFile = join(folder, 'years-ahead');
  writeFileSync(numberFile, `${Date.UTC(2100, 0)}\n`);
  const self = client(SELF, urlOf(bench), { numberFile });
  await self.heard(/^not-authorised: .*both clocks/);
  await self.heard(/^up/);
  assert.ok(Math.abs(Number(readFileSync(numberFile, 'utf8')) - Date.now()) < 60_000);
});

connections(
  'publishes its birth again when it reads the will of an earlier connection',
  async ({ bench }) => {
    const self = client(SELF, urlOf(bench));
    await self.heard(/^up/);
    const watcher = client(OTHER, urlOf(bench));
    watcher.connection.subscribe(statusTopic(ANY));
    const birth = statusIn(await watcher.heard(birthOf(SELF)));
    const late = { ...birth, alive: false, sequence: birth.sequence - 5 };
    self.connection.publish(statusTopic(idOfSeed(SELF)), encodeStatus(late), { retain: true });
    assert.not.ok(supersedes(statusIn(await watcher.heard(deathOf(SELF))), birth));
    assert.equal(statusIn(await watcher.heard(birthOf(SELF))), birth);
  },
);

connections('connects anew when the broker takes it for dead', async ({ bench }) => {
  const self = client(SELF, urlOf(bench));
  await self.heard(/^up/);
  const watcher = client(OTHER, urlOf(bench));
  watcher.connection.subscribe(statusTopic(ANY));
  const birth = statusIn(await watcher.heard(birthOf(SELF)));
  const death = encodeStatus({ ...birth, alive: false });
  self.connection.publish(statusTopic(idOfSeed(SELF)), death, { retain: true });
  await self.heard(/^disconnected: .*takes us for dead/);
  const second = statusIn(await watcher.heard(birthOf(SELF)));
  assert.ok(supersedes(second, { ...birth, alive: false }));
});

connections('says once why it is refused, and goes on trying', async () => {
  const broker = await scripted(() => Buffer.from('20020004', 'hex'));
  const self = client(SELF, broker.url);
  assert.match(await self.heard(/^not-authorised/), /refuses our credential.*it is tried again$/);
  while (broker.connects.length < 4) await new Promise((resolve) => setImmediate(resolve));
  assert.is(self.events.length, 1);
  await self.connection.close();
  broker.close();
});

connections('logs into foreign brokers by name and password, or by nothing', async () => {
  const broker = await scripted(() => Buffer.from('20020000', 'hex'));
  const login = { user: 'farm', password: new TextEncoder().encode('secret') };
  await client(SELF, broker.url, { brokerKey: null, login }).heard(/^up/);
  await client(SELF, broker.url, { brokerKey: null }).heard(/^up/);
  const [named, nameless] = broker.connects as [Buffer, Buffer];
  assert.ok(named.includes(Buffer.from('\0\x04farm\0\x06secret')));
  const flagsAt = named.indexOf('MQTT') + 5;
  assert.is(named[flagsAt], 0xee);
  assert.is(nameless[flagsAt], 0x2e);
  await closeClients();
  broker.close();
});

connections('names the filters that the broker keeps from it', async ({ bench }) => {
  const self = client(SELF, urlOf(bench));
  await self.heard(/^up/);
  const foreign = inTopic(idOfSeed(OTHER), ANY);
  self.connection.subscribe(foreign);
  assert.ok((await self.heard(/^not-authorised/)).includes(foreign));
});

connections('does not connect without a number on the disk', async ({ bench }) => {
  const self = client(SELF, urlOf(bench), { numberFile: join(folder, 'absent', 'number') });
  assert.match(await self.heard(/^storage-failed/), /create its directory/);
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'x\n');
  const other = client(OTHER, urlOf(bench), { numberFile: broken });
  assert.match(await other.heard(/^storage-failed/), /must hold one number, not "x"/);
});

connections.run();
