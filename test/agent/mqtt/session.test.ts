import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session, type SessionUser } from '../../../agent/mqtt/session.ts';

const HELLO = {
  client: 'client',
  user: null,
  password: null,
  keepaliveS: 60,
  will: { topic: 'will', payload: new Uint8Array(1) },
};
const CONNACK = Buffer.from('20020000', 'hex');
const PAYLOAD = new Uint8Array([1, 2, 3]);

type Scene = {
  readonly session: Session;
  readonly stream: Duplex;
  readonly broker: Duplex;
  /** What the session wrote, one write each. */
  readonly writes: Buffer[];
  readonly events: unknown[][];
  readonly ended: Promise<string>;
};

/** A session whose broker is this test. */
const begin = (hello: Partial<typeof HELLO> = {}, user: Partial<SessionUser> = {}): Scene => {
  const [stream, broker] = duplexPair();
  const writes: Buffer[] = [];
  const events: unknown[][] = [];
  broker.on('data', (chunk: Buffer) => writes.push(chunk));
  let session: Session | undefined;
  const ended = new Promise<string>((resolve) => {
    session = new Session(
      stream,
      { ...HELLO, ...hello },
      {
        onConnack: (code) => events.push(['connack', code]),
        onMessage: (topic, payload) => events.push(['message', topic, ...payload]),
        onUnreadable: (filters) => events.push(['unreadable', ...filters]),
        onEnd: resolve,
        ...user,
      },
    );
  });
  return { session: session!, stream, broker, writes, events, ended };
};

/** After what is under way: streams of a pair pass chunks on in a later tick. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

const accepted = async (
  hello: Partial<typeof HELLO> = {},
  user: Partial<SessionUser> = {},
): Promise<Scene> => {
  const scene = begin(hello, user);
  scene.broker.write(CONNACK);
  await settled();
  scene.writes.length = 0;
  scene.events.length = 0;
  return scene;
};

const sessions = suite('Session');

sessions('says hello at once and hears the answer', async () => {
  const { session, broker, writes, events } = begin();
  await settled();
  assert.is(writes[0]?.[0], 0x10);
  broker.write(CONNACK);
  await settled();
  assert.equal(events, [['connack', 0]]);
  session.end('done');
});

sessions('ends after a refusal, and hears nothing more', async () => {
  const { broker, events, ended } = begin();
  broker.write(Buffer.from('20020005' + '3004000174aa', 'hex'));
  assert.is(await ended, 'the broker refused with code 5');
  assert.equal(events, [['connack', 5]]);
});

sessions('sends all that one turn says in one write', async () => {
  const { session, writes } = await accepted();
  session.subscribe(['a']);
  for (let i = 0; i < 100; i++) assert.ok(session.publish('topic', PAYLOAD, 1, false).ok);
  await settled();
  assert.is(writes.length, 1);
  assert.is(writes[0]!.length, 8 + 100 * (2 + 7 + 2 + 3));
  session.end('done');
});

sessions('acknowledges together with what the messages made it say', async () => {
  let heard = 0;
  const answer = (): void => {
    for (; heard > 0; heard--) scene.session.publish('t', PAYLOAD, 0, false);
  };
  const onMessage = (): void => {
    if (heard++ === 0) setImmediate(answer);
  };
  const scene = await accepted({}, { onMessage });
  scene.broker.write(Buffer.from('32060001740007aa' + '32060001740008aa', 'hex'));
  await settled();
  await settled();
  assert.equal(
    scene.writes.map((write) => write.toString('hex')),
    ['40020007' + '40020008' + '3006000174010203'.repeat(2)],
  );
  scene.session.end('done');
});

sessions('refuses what waits for the broker too long, and takes it again after', async () => {
  const { session, broker } = await accepted();
  let sent = 0;
  while (sent < 100_000 && session.publish('t', PAYLOAD, 1, false).ok) sent++;
  assert.is(sent, 16_384);
  const refused = session.publish('t', PAYLOAD, 1, false);
  assert.ok(!refused.ok && refused.code === 'busy');
  await settled();
  broker.write(Buffer.from('40020001', 'hex'));
  await settled();
  assert.ok(session.publish('t', PAYLOAD, 1, false).ok);
  session.end('done');
  assert.not.ok(session.publish('t', PAYLOAD, 0, false).ok);
});

sessions('refuses what a slow line does not take', async () => {
  const { session, broker } = await accepted();
  broker.pause();
  let sent = 0;
  while (sent < 1000 && session.publish('t', new Uint8Array(10_000), 0, false).ok) sent++;
  assert.is(sent, 105); // the first beyond 1 MiB
  await settled();
  assert.not.ok(session.publish('t', PAYLOAD, 0, false).ok);
  broker.resume();
  await settled();
  await settled();
  assert.ok(session.publish('t', PAYLOAD, 0, false).ok);
  session.end('done');
});

sessions('gives no identifier twice while it waits for an answer', async () => {
  const { session, broker, writes } = await accepted();
  session.subscribe(['never answered']); // 1
  for (let id = 2; id <= 65_535; id++) {
    assert.ok(session.publish('t', PAYLOAD, 1, false).ok);
    if (id % 1000 !== 0 && id !== 65_535) continue;
    const acks = Buffer.alloc(4 * 1000);
    for (let i = 0; i < 1000; i++) acks.writeUInt32BE(0x40020000 + Math.max(2, id - i), 4 * i);
    broker.write(acks);
    await settled();
  }
  writes.length = 0;
  session.publish('t', PAYLOAD, 1, false);
  await settled();
  assert.is(writes[0]!.readUInt16BE(5), 2);
  session.end('done');
});

sessions('names the filters that it may not read', async () => {
  const { session, broker, events } = await accepted();
  session.subscribe(['a', 'b', 'c']);
  await settled();
  broker.write(Buffer.from('90050001018000', 'hex'));
  await settled();
  assert.equal(events, [['unreadable', 'b']]);
  session.end('done');
});

sessions('ends on a broker that breaks the protocol, or the stream', async () => {
  const wrong = await accepted();
  wrong.broker.write(Buffer.from('34050001740001', 'hex'));
  assert.match(await wrong.ended, /^the broker sent a message of QoS 2/);
  const broken = await accepted();
  broken.stream.destroy();
  assert.is(await broken.ended, 'the broker closed the connection');
});

sessions('pings, and ends when nothing is heard', async () => {
  const { writes, ended } = await accepted({ keepaliveS: 0.01 });
  assert.is(await ended, 'nothing heard for 10 ms');
  assert.equal(
    writes.map((write) => write.toString('hex')),
    ['c000'],
  );
});

sessions('says goodbye when it is closed, after what was said before', async () => {
  const { session, broker, writes, ended } = await accepted();
  session.publish('t', PAYLOAD, 0, false);
  const closing = session.close();
  await once(broker, 'end');
  broker.end();
  await closing;
  assert.is(await ended, 'closed here');
  assert.is(Buffer.concat(writes).toString('hex'), '3006000174010203' + 'e000');
});

sessions.run();
