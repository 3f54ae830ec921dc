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
  assert.match(await ended, /not authorized/i);
  assert.equal(events, [['connack', 5]]);
});

sessions('refuses what waits for the broker too long, and takes it again after', async () => {
  const { session, broker, writes } = await accepted();
  let sent = 0;
  while (sent < 100_000 && session.publish('t', PAYLOAD, 1, false).ok) sent++;
  assert.is(sent, 16_384);
  const refused = session.publish('t', PAYLOAD, 1, false);
  assert.ok(!refused.ok && refused.code === 'busy');
  await settled();
  const first = Buffer.concat(writes);
  broker.write(Buffer.concat([Buffer.from('4002', 'hex'), first.subarray(5, 7)])); // its identifier
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
  assert.ok(sent >= 104 && sent <= 106, `1 MiB and no more: ${sent}`);
  assert.not.ok(session.publish('t', PAYLOAD, 0, false).ok);
  broker.resume();
  await settled();
  await settled();
  assert.ok(session.publish('t', PAYLOAD, 0, false).ok);
  session.end('done');
});

sessions('names the filters that it may not read', async () => {
  const { session, broker, events, writes } = await accepted();
  session.subscribe(['a', 'b', 'c']);
  await settled();
  const identifier = Buffer.concat(writes).subarray(2, 4);
  broker.write(Buffer.concat([Buffer.from('9005', 'hex'), identifier, Buffer.from('018000', 'hex')]));
  await settled();
  assert.equal(events, [['unreadable', 'b']]);
  session.end('done');
});

sessions('ends on bytes that are no MQTT, and on a broken stream', async () => {
  const wrong = await accepted();
  wrong.broker.write(Buffer.from('ffffffffff', 'hex'));
  assert.match(await wrong.ended, /header|length|packet/i);
  const broken = await accepted();
  broken.stream.destroy();
  assert.is(await broken.ended, 'the broker closed the connection');
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
