import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkLimits, type Limits } from '../../broker/limits.ts';
import { boundedLog, type LogEvent, logLine } from '../../broker/log.ts';
import { Retained } from '../../broker/retained.ts';
import {
  type Bench,
  closed,
  connackOf,
  connectAs,
  freshCounter,
  idOfSeed,
  loginOf,
  openSocket,
  socketClosed,
  startBench,
} from './harness.ts';

const withBench = async (limits: Partial<Limits>, use: (bench: Bench) => Promise<void>): Promise<void> => {
  const bench = await startBench({ limits });
  try {
    await use(bench);
  } finally {
    await bench.stop();
  }
};

const status = `tb1/${idOfSeed(1)}/status`;

const limits = suite('Limits');

limits('are integers of at least 1 and known by name', () => {
  assert.ok(checkLimits({ payloadBytesMax: 1 }).ok);
  for (const wrong of [
    { payloadBytesMax: 0 },
    { keysMax: 1.5 },
    { keysMax: Number.NaN },
    { payloadMax: 5 },
  ]) {
    const checked = checkLimits(wrong);
    assert.is(checked.ok ? 'ok' : checked.code, 'config-invalid');
  }
});

limits('end a connection that sends too large a payload', () =>
  withBench({ payloadBytesMax: 1000 }, async (bench) => {
    const client = await connectAs(bench, 1);
    await client.publishAsync(status, Buffer.alloc(1000), { qos: 1 });
    const ended = closed(client);
    client.publish(status, Buffer.alloc(1001));
    await ended;
    await bench.logged('refused', 'message-too-long');
  }),
);

limits('refuse a CONNECT with too large a will', () =>
  withBench({ payloadBytesMax: 100 }, async (bench) => {
    const will = { topic: status, payload: Buffer.alloc(101), qos: 0 as const, retain: true };
    assert.is(await connackOf(bench, loginOf(1), { will }), 5);
  }),
);

limits('end a connection that sends too fast, and still say its will', () =>
  withBench({ messagesPerSecondMax: 1, messagesBurstMax: 20 }, async (bench) => {
    const watcher = await connectAs(bench, 2);
    await watcher.subscribeAsync(status);
    const told = new Promise<string>((resolve) =>
      watcher.once('message', (_topic, payload) => resolve(payload.toString())),
    );
    const will = { topic: status, payload: Buffer.from('dead'), qos: 0 as const, retain: true };
    const client = await connectAs(bench, 1, { will });
    const ended = closed(client);
    for (let i = 0; i < 21; i++) client.publish(`tb1/${idOfSeed(3)}/in/${idOfSeed(1)}`, 'x');
    await ended;
    await bench.logged('refused', 'rate-exceeded');
    assert.is(await told, 'dead');
    await watcher.endAsync();
  }),
);

limits('refuse QoS 2', () =>
  withBench({}, async (bench) => {
    const client = await connectAs(bench, 1);
    const ended = closed(client);
    client.publish(status, 'x', { qos: 2 });
    await ended;
    await bench.logged('refused', 'not-authorised');
  }),
);

limits('turn away sockets beyond the number of connections', () =>
  withBench({ connectionsMax: 2 }, async (bench) => {
    const first = await connectAs(bench, 1);
    const second = await connectAs(bench, 2);
    const third = await openSocket(bench.port);
    await socketClosed(third);
    assert.match((await bench.logged('refused', 'busy')).detail!, 'all 2 connections');
    await second.endAsync();
    await bench.logged('disconnected');
    await (await connectAs(bench, 3)).endAsync();
    await first.endAsync();
  }),
);

limits('turn away connections beyond the number of one key, but not one that replaces another', () =>
  withBench({ keyConnectionsMax: 2 }, async (bench) => {
    const first = await connectAs(bench, 1);
    const second = await connectAs(bench, 1, { clientId: `${idOfSeed(1)}-b` });
    assert.is(await connackOf(bench, loginOf(1, `${idOfSeed(1)}-c`)), 3);
    await bench.logged('refused', 'busy');
    const replaced = closed(second);
    const third = await connectAs(bench, 1, { clientId: `${idOfSeed(1)}-b` });
    await replaced;
    await first.endAsync();
    await bench.logged('disconnected');
    await (await connectAs(bench, 1, { clientId: `${idOfSeed(1)}-c` })).endAsync();
    await third.endAsync();
  }),
);

limits('drop the oldest socket without a credential when too many knock', () =>
  withBench({ handshakesMax: 2 }, async (bench) => {
    const sockets = [await openSocket(bench.port), await openSocket(bench.port)];
    const client = await connectAs(bench, 1);
    await socketClosed(sockets[0]!);
    assert.not.ok(sockets[1]!.destroyed);
    assert.ok(client.connected);
    await client.endAsync();
  }),
);

limits('drop whoever has not shown a credential in time', () =>
  withBench({ connectTimeoutMs: 50 }, async (bench) => {
    const silent = await openSocket(bench.port);
    const slow = await openSocket(bench.port);
    slow.write(Buffer.from([0x10, 0x7f, 0x00])); // a CONNECT of 127 bytes that never comes
    await Promise.all([socketClosed(silent), socketClosed(slow)]);
    await bench.logged('refused', 'timeout');
  }),
);

limits('keep whoever has shown a credential in time', () =>
  withBench({ connectTimeoutMs: 200 }, async (bench) => {
    const client = await connectAs(bench, 1);
    const silent = await openSocket(bench.port); // knocked later, so its end comes after the client's
    await socketClosed(silent);
    await client.publishAsync(status, 'still here', { qos: 1 });
    await client.endAsync();
  }),
);

limits('forget the keys with the lowest counters first', () =>
  withBench({ keysMax: 4 }, async (bench) => {
    const logins = [11, 12, 13, 14, 15].map((seed) => loginOf(seed, undefined, freshCounter()));
    for (const login of logins) assert.is(await connackOf(bench, login), 0);
    for (const login of logins) assert.is(await connackOf(bench, login), 4);
  }),
);

limits('retain what fits, and relay the rest', () =>
  withBench({ retainedBytesMax: 2000 }, async (bench) => {
    const watcher = await connectAs(bench, 2);
    await watcher.subscribeAsync('tb1/+/profile', { qos: 1 });
    const client = await connectAs(bench, 1);
    const told = new Promise<void>((resolve) => watcher.once('message', () => resolve()));
    await client.publishAsync(`tb1/${idOfSeed(1)}/profile`, Buffer.alloc(3000), { qos: 1, retain: true });
    await told;
    assert.is(bench.broker.stats().retainedBytes, 0);
    await client.publishAsync(status, Buffer.alloc(1000), { qos: 1, retain: true });
    await bench.logged('not-retained');
    assert.ok(bench.broker.stats().retainedBytes > 1000);
    await client.endAsync();
    await watcher.endAsync();
  }),
);

limits.run();

const retained = suite('Retained');

retained('clears those who have been away longest, and never those who are connected', () => {
  const kept = new Retained(3 * 1300);
  const place = (user: string) => kept.place(user, `${user}/status`, 1000);
  for (const user of ['a', 'b', 'c']) {
    kept.arrive(user);
    assert.equal(place(user), { fits: true, cleared: [] });
  }
  kept.arrive('d');
  assert.equal(place('d'), { fits: false, cleared: [] });
  kept.leave('b');
  kept.leave('a');
  assert.equal(place('d'), { fits: true, cleared: ['b/status'] });
  kept.arrive('a');
  kept.arrive('e');
  assert.equal(place('e'), { fits: false, cleared: [] });
});

retained('counts a message once, again by its new size, and not when it is cleared', () => {
  const kept = new Retained(10_000);
  kept.arrive('a');
  kept.place('a', 'a/status', 1000);
  const once = kept.bytes;
  kept.place('a', 'a/status', 1000);
  assert.is(kept.bytes, once);
  kept.place('a', 'a/status', 500);
  assert.is(kept.bytes, once - 500);
  kept.place('a', 'a/status', 0);
  assert.is(kept.bytes, 0);
});

retained('keeps the will of an owner that has just left', () => {
  const kept = new Retained(1500);
  kept.arrive('a');
  kept.leave('a');
  assert.ok(kept.place('a', 'a/status', 1000).fits);
  kept.arrive('b');
  assert.equal(kept.place('b', 'b/status', 1000), { fits: true, cleared: ['a/status'] });
});

retained.run();

const log = suite('boundedLog');

log('writes 50 lines a second, then says how many it left out, and cuts long details', () => {
  let nowMs = 5000;
  const lines: LogEvent[] = [];
  const write = boundedLog(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (let i = 0; i < 80; i++) write({ level: 'warn', event: 'refused', detail: 'x'.repeat(1000) });
  assert.is(lines.length, 50);
  assert.is(lines[0]!.detail!.length, 241);
  nowMs += 1000;
  write({ level: 'info', event: 'connected' });
  assert.equal(lines.slice(50), [
    { level: 'warn', event: 'log-shortened', detail: '30 lines were left out' },
    { level: 'info', event: 'connected' },
  ]);
});

log('is one object a line, which begins with its time', () => {
  const line = logLine({ level: 'info', event: 'connected', peer: 'a\nb' }, 5000);
  assert.is(line, '{"time":"1970-01-01T00:00:05.000Z","level":"info","event":"connected","peer":"a\\nb"}\n');
});

log.run();
