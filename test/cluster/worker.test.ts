import { duplexPair } from 'node:stream';
import { Aedes } from 'aedes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogEvent } from '../../broker/log.ts';
import type { Home } from '../../broker/settler/cluster/home.ts';
import { SHARDS, type ShardLeases } from '../../broker/settler/cluster/leases.ts';
import { createLeaseTable, leasesInMemory } from '../../broker/settler/cluster/leases-memory.ts';
import { type RunningWorker, startWorker } from '../../broker/settler/cluster/worker.ts';
import { ok, refuse } from '../../schemas/result.ts';
import { ANY, inTopic, settlerTopic } from '../../schemas/topic.ts';
import { until } from '../wait.ts';
import { idOfSeed } from './foreign.ts';

const SETTLER = idOfSeed(200);
const SENDER = idOfSeed(1);
/** Long enough that nothing lapses in a test, but where time is the test's own. */
const LEASE_MS = 600_000;

/** A broker in this process, and a settler that answers when it is told to. */
class Bench {
  readonly answers: string[] = [];
  readonly asked: string[] = [];
  readonly events: LogEvent[] = [];
  held: (() => void)[] | null = null;
  refuses = false;
  connections = 0;
  readonly broker: Aedes;

  constructor(broker: Aedes) {
    this.broker = broker;
    void broker.subscribe(
      inTopic(SENDER, SETTLER),
      (packet, done) => {
        this.answers.push(String(packet.payload));
        done();
      },
      () => undefined,
    );
    broker.authorizeSubscribe = (_client, subscription, done) =>
      done(null, this.refuses ? null : subscription);
  }

  readonly dial = async () => {
    const [near, far] = duplexPair();
    this.connections++;
    far.once('close', () => near.destroy()); // as a socket would
    this.broker.handle(far);
    return near;
  };

  home: Home = { id: new Uint8Array(16), boundMs: 1 };
  readonly settler = {
    home: this.home,
    handle: async (_from: string, bytes: Uint8Array): Promise<Uint8Array> => {
      this.asked.push(Buffer.from(bytes).toString());
      await new Promise<void>((resolve) => (this.held === null ? resolve() : this.held.push(resolve)));
      return Buffer.from(`re ${Buffer.from(bytes)}`);
    },
    sweep: async () => ok(0),
    close: async () => undefined,
  };

  async worker(name: string, leases: ShardLeases, leaseMs = LEASE_MS): Promise<RunningWorker> {
    const line = { clientId: name, login: null, protocol: '3.1.1', qos: 1, dial: this.dial } as const;
    const ports = { settler: this.settler, leases, log: (event: LogEvent) => void this.events.push(event) };
    const started = await startWorker({ id: SETTLER, line, leaseMs }, ports);
    if (!started.ok) throw new Error(started.code);
    await until(() => started.value.shards.length > 0);
    return started.value;
  }

  ask(shard: string, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const packet = { cmd: 'publish', topic: settlerTopic(shard, SENDER), payload: text, qos: 1 } as const;
      this.broker.publish({ ...packet, dup: false, retain: false }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  has(event: string): boolean {
    return this.events.some((one) => one.event === event);
  }
}

type Context = { bench: Bench; leasesOf: (name: string, leaseMs?: number) => ShardLeases };
const works = suite<Context>('startWorker');

works.before.each(async (context) => {
  context.bench = new Bench(await Aedes.createBroker());
  const table = createLeaseTable(() => performance.now());
  context.leasesOf = (name, leaseMs = LEASE_MS) => leasesInMemory(table, { name, instance: name, leaseMs });
});
works.after.each(({ bench }) => new Promise<void>((resolve) => bench.broker.close(() => resolve())));

works('answers what is asked of its shards, where the settler answers', async ({ bench, leasesOf }) => {
  const worker = await bench.worker('a', leasesOf('a'));
  assert.is(worker.shards.length, SHARDS);
  await bench.ask('00', 'one');
  await bench.ask('ff', 'two');
  await until(() => bench.answers.length === 2);
  assert.equal(bench.answers, ['re one', 're two']);
  await worker.close();
});

works('divides the shards with another worker, and leaves each request to one of them', async (context) => {
  const { bench, leasesOf } = context;
  const [one, two] = [new Bench(bench.broker), new Bench(bench.broker)];
  const [leases, others] = [leasesOf('a', 400), leasesOf('b', 400)];
  const a = await one.worker('a', leases, 400);
  const b = await two.worker('b', others, 400);
  await until(() => a.shards.length === SHARDS / 2 && b.shards.length === SHARDS / 2);
  assert.is(new Set([...a.shards, ...b.shards]).size, SHARDS);
  await until(() => one.events.filter(({ event }) => event === 'shards').length >= 2);
  for (const shard of [a.shards[0]!, b.shards[0]!]) await bench.ask(shard, shard);
  await until(() => one.asked.length > 0 && two.asked.length > 0);
  assert.ok(one.asked.includes(a.shards[0]!) && two.asked.includes(b.shards[0]!));
  await a.close();
  await until(() => b.shards.length === SHARDS);
  await b.close();
});

works('leaves alone what reaches it of other shards, as after one has changed hands', async ({ bench }) => {
  bench.broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, { ...subscription, topic: settlerTopic(ANY, ANY) });
  const renew = async () => ok({ held: [{ shard: 7, epoch: 1 }], quota: 1 });
  const worker = await bench.worker('a', { renew, release: async () => ok(null) });
  await bench.ask('08', 'of another');
  await bench.ask('07', 'its own');
  await until(() => bench.answers.length > 0);
  assert.equal(bench.asked, ['its own']);
  await worker.close();
});

works('reads no further while 2,048 requests wait for their answer', async ({ bench, leasesOf }) => {
  const worker = await bench.worker('a', leasesOf('a'));
  bench.held = [];
  const asking = Array.from({ length: 3000 }, (_, i) => bench.ask('07', `${i}`));
  await until(() => bench.asked.length >= 2048);
  for (let turns = 0; turns < 50; turns++) await new Promise((turn) => setImmediate(turn));
  assert.is(bench.asked.length, 2048);
  const held = bench.held;
  bench.held = null;
  for (const answer of held) answer();
  await Promise.all(asking);
  await until(() => bench.answers.length === 3000);
  await worker.close();
});

works('is not sent away by messages that are too long', async ({ bench, leasesOf }) => {
  const worker = await bench.worker('a', leasesOf('a'));
  for (let i = 0; i < 3; i++) await bench.ask('07', 'x'.repeat(100_000));
  await bench.ask('07', 'next');
  await until(() => bench.answers.includes('re next'));
  assert.is(bench.connections, 1);
  assert.ok(bench.asked.every(({ length }) => length < 32_768));
  await worker.close();
});

works('answers what it has read before it goes, and gives its shards up', async ({ bench, leasesOf }) => {
  const worker = await bench.worker('a', leasesOf('a'));
  bench.held = [];
  await bench.ask('07', 'late');
  await until(() => bench.asked.length === 1);
  const closing = worker.close();
  await until(() => worker.shards.length === 0);
  const [answer] = bench.held;
  answer!();
  await closing;
  assert.equal(bench.answers, ['re late']);
  const next = await leasesOf('b').renew();
  assert.ok(next.ok && next.value.held.length === SHARDS);
});

works('serves nothing once its leases lapse while the database is silent', async ({ bench, leasesOf }) => {
  const leases = leasesOf('a', 100);
  let silence: Promise<unknown> | null = null;
  let speak = (): void => undefined;
  const renew = async () => {
    await silence;
    return leases.renew();
  };
  const worker = await bench.worker('a', { ...leases, renew }, 100);
  silence = new Promise<void>((resolve) => {
    speak = resolve;
  });
  await until(() => bench.has('leases-lapsed'));
  assert.equal(worker.shards, []);
  speak();
  await worker.close();
});

works('gives its shards to others when it has no broker for a lease time', async ({ bench, leasesOf }) => {
  const dial = () => Promise.reject(new Error('the network is gone'));
  const line = { clientId: 'a', login: null, protocol: '3.1.1', qos: 1, dial } as const;
  const ports = { settler: bench.settler, leases: leasesOf('a', 100), log: () => undefined };
  const started = await startWorker({ id: SETTLER, line, leaseMs: 100 }, ports);
  if (!started.ok) throw new Error(started.code);
  assert.equal(started.value.shards, [], 'what is leased but not read is not served');
  const other = leasesOf('b', 100);
  let held = 0;
  const renew = (): void =>
    void other.renew().then((renewed) => {
      held = renewed.ok ? renewed.value.held.length : 0;
    });
  await until(() => held === SHARDS, renew);
  await started.value.close();
});

works('begins its line anew where the broker does not let it read', async ({ bench, leasesOf }) => {
  bench.refuses = true;
  const starting = bench.worker('a', leasesOf('a'));
  await until(() => bench.has('disconnected'));
  assert.match(
    bench.events.find(({ event }) => event === 'disconnected')!.detail!,
    'does not let the settler read',
  );
  bench.refuses = false;
  const worker = await starting;
  assert.ok(bench.connections > 1);
  await worker.close();
});

works('does not begin without leases, and touches no other line of its name', async ({ bench }) => {
  const leases: ShardLeases = {
    renew: async () => refuse('locked', 'another worker is called "a"'),
    release: async () => ok(null),
  };
  const line = { clientId: 'a', login: null, protocol: '3.1.1', qos: 1, dial: bench.dial } as const;
  const ports = { settler: bench.settler, leases, log: () => undefined };
  const started = await startWorker({ id: SETTLER, line, leaseMs: LEASE_MS }, ports);
  assert.ok(!started.ok && started.code === 'locked');
  assert.is(bench.connections, 0);
});

works(
  'gives way to an older database of its settler, which tells of it once',
  async ({ bench, leasesOf }) => {
    const younger = new Bench(bench.broker);
    Object.assign(younger.settler, { home: { id: new Uint8Array(16).fill(2), boundMs: 2 } });
    const elsewhere = createLeaseTable(() => performance.now());
    const elder = await bench.worker('a', leasesOf('a', 200), 200);
    const late = await younger.worker(
      'a2',
      leasesInMemory(elsewhere, { name: 'a', instance: 'b', leaseMs: 200 }),
      200,
    );
    const refusal = await late.displaced;
    assert.is(refusal.code, 'locked');
    assert.match(refusal.detail, 'another database as well, 00000000 of 1970-01-01T00:00:00.001Z');
    await until(() => bench.has('second-database'));
    await late.close();
    for (let i = 0; i < 3; i++) await bench.ask('00', 'still there');
    await until(() => bench.answers.length > 0);
    assert.is(bench.events.filter(({ event }) => event === 'second-database').length, 1);
    assert.not(younger.has('second-database'));
    await elder.close();
  },
);

works.run();
