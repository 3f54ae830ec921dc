import { createRequire } from 'node:module';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Incoming } from '../../../agent/mqtt/incoming.ts';
import { Outgoing } from '../../../agent/mqtt/outgoing.ts';

/** The packets of mqtt.js and aedes, by other hands than ours. */
type Reference = {
  readonly generate: (packet: object) => Buffer;
  readonly parser: () => {
    on: (event: 'packet' | 'error', listener: (value: Record<string, unknown>) => void) => void;
    parse: (bytes: Uint8Array) => void;
  };
};
const reference = createRequire(import.meta.resolve('mqtt'))('mqtt-packet') as Reference;

const parsed = (bytes: Uint8Array): Record<string, unknown>[] => {
  const packets: Record<string, unknown>[] = [];
  const parser = reference.parser();
  parser.on('packet', (packet) => packets.push(packet));
  parser.on('error', (error) => {
    throw error;
  });
  parser.parse(bytes);
  return packets;
};

/** The named fields only: the reference adds many of its own. */
const fields = (packet: Record<string, unknown> | undefined, names: readonly string[]): unknown[] =>
  names.map((name) => {
    const value = packet?.[name];
    return value instanceof Uint8Array ? new Uint8Array(value) : value;
  });

const ids = fc.integer({ min: 1, max: 65535 });
const topics = fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' });
const payloads = fc.uint8Array({ maxLength: 400 });
const messages = fc.record({
  topic: topics,
  payload: payloads,
  id: fc.oneof(fc.constant(0), ids),
  retain: fc.boolean(),
});

const outgoing = suite('Outgoing');

outgoing('writes messages and acknowledgements that others read', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 30 }), (sent) => {
      const packets = new Outgoing();
      for (const { topic, payload, id, retain } of sent) {
        packets.publish(topic, payload, id, retain);
        if (id !== 0) packets.puback(id);
      }
      const expected = sent.flatMap(({ topic, payload, id, retain }) =>
        id === 0
          ? [['publish', topic, payload, 0, undefined, retain]]
          : [
              ['publish', topic, payload, 1, id, retain],
              ['puback', id],
            ],
      );
      const read = parsed(packets.take()).map((packet) =>
        packet.cmd === 'puback'
          ? fields(packet, ['cmd', 'messageId'])
          : fields(packet, ['cmd', 'topic', 'payload', 'qos', 'messageId', 'retain']),
      );
      assert.equal(read, expected);
      assert.is(packets.length, 0);
    }),
  );
});

outgoing('writes remaining lengths of one to four bytes', () => {
  for (const length of [0, 127, 128, 16383, 16384, 65536, 2097152]) {
    const packets = new Outgoing();
    packets.publish('t', new Uint8Array(length), 0, false);
    assert.is((parsed(packets.take())[0]!.payload as Uint8Array).length, length);
  }
});

outgoing('writes CONNECT with and without name and password, always with a retained will', () => {
  const will = { topic: 'tb1/ä/status', payload: new Uint8Array([0, 255]) };
  const password = new Uint8Array(197).fill(7);
  for (const login of [
    { user: 'user', password },
    { user: 'user', password: null },
    { user: null, password: null },
  ]) {
    const packets = new Outgoing();
    packets.connect({ client: 'gr2q7gf5lh6pzfdnurnkvputhm', keepaliveS: 300, will, ...login });
    const [packet] = parsed(packets.take());
    const names = [
      'cmd',
      'protocolId',
      'protocolVersion',
      'clean',
      'keepalive',
      'clientId',
      'username',
      'password',
    ];
    const user = login.user ?? undefined;
    const expected = [
      'connect',
      'MQTT',
      4,
      true,
      300,
      'gr2q7gf5lh6pzfdnurnkvputhm',
      user,
      login.password ?? undefined,
    ];
    assert.equal(fields(packet, names), expected);
    const told = packet?.will as Record<string, unknown>;
    assert.equal(fields(told, ['topic', 'payload', 'qos', 'retain']), [will.topic, will.payload, 1, true]);
  }
});

outgoing('writes subscriptions, pings and goodbyes', () => {
  const packets = new Outgoing();
  packets.subscribe(7, ['a/+', 'b']);
  packets.unsubscribe(65535, ['a/+']);
  packets.ping();
  packets.disconnect();
  const read = parsed(packets.take());
  assert.equal(
    read.map((packet) => fields(packet, ['cmd', 'messageId'])),
    [
      ['subscribe', 7],
      ['unsubscribe', 65535],
      ['pingreq', undefined],
      ['disconnect', undefined],
    ],
  );
  const subscriptions = read[0]?.subscriptions as Record<string, unknown>[];
  assert.equal(
    subscriptions.map((one) => fields(one, ['topic', 'qos'])),
    [
      ['a/+', 1],
      ['b', 1],
    ],
  );
  assert.equal(read[1]?.unsubscriptions, ['a/+']);
});

outgoing.run();

type Event = readonly unknown[];

const receiving = (): { readonly incoming: Incoming; readonly events: Event[] } => {
  const events: Event[] = [];
  const incoming = new Incoming({
    onPublish: (topic, payload, id) => {
      assert.is(Object.getPrototypeOf(payload), Uint8Array.prototype);
      events.push(['publish', topic, payload, id]);
    },
    onConnack: (code) => events.push(['connack', code]),
    onPuback: (id) => events.push(['puback', id]),
    onSuback: (id, codes) => events.push(['suback', id, ...codes]),
    onUnsuback: (id) => events.push(['unsuback', id]),
  });
  return { incoming, events };
};

const incomingPackets: fc.Arbitrary<{ readonly packet: object; readonly event: Event | null }> = fc.oneof(
  messages.map(({ topic, payload, id, retain }) => ({
    packet: {
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos: id === 0 ? 0 : 1,
      retain,
      ...(id === 0 ? {} : { messageId: id }),
    },
    event: ['publish', topic, payload, id],
  })),
  ids.map((id) => ({ packet: { cmd: 'puback', messageId: id }, event: ['puback', id] })),
  ids.map((id) => ({
    packet: { cmd: 'suback', messageId: id, granted: [0, 1, 128] },
    event: ['suback', id, 0, 1, 128],
  })),
  ids.map((id) => ({ packet: { cmd: 'unsuback', messageId: id }, event: ['unsuback', id] })),
  fc.nat(5).map((code) => ({
    packet: { cmd: 'connack', returnCode: code, sessionPresent: false },
    event: ['connack', code],
  })),
  fc.constant({ packet: { cmd: 'pingresp' }, event: null }),
);

const incomingSuite = suite('Incoming');

incomingSuite('reads what others write, wherever the chunks end', () => {
  const chunkLengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(incomingPackets, { maxLength: 20 }), chunkLengths, (packets, lengths) => {
      const { incoming, events } = receiving();
      const bytes = Buffer.concat(packets.map(({ packet }) => reference.generate(packet)));
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const length = lengths[i % lengths.length]!;
        assert.is(incoming.push(bytes.subarray(at, at + length)), undefined);
        at += length;
      }
      assert.equal(
        events,
        packets.flatMap(({ event }) => (event === null ? [] : [event])),
      );
    }),
  );
});

incomingSuite('says what a broker did wrong', () => {
  const wrongs: [string, RegExp][] = [
    ['340700017400010101', /QoS 2/],
    ['360700017400010101', /QoS 3/],
    ['32050001740000', /without an identifier/],
    ['3003ffff74', /cut short/],
    ['300100', /cut short/],
    ['200100', /cut short/],
    ['1000', /type 1/],
    ['e000', /type 14|cut short/],
    ['30ffffffff7f', /without a length/],
    ['30d0860430', /66384 bytes|at most 66000/],
  ];
  for (const [hex, expected] of wrongs)
    assert.match(receiving().incoming.push(Buffer.from(hex, 'hex')) ?? '', expected);
});

incomingSuite('never throws, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      const { incoming } = receiving();
      for (const chunk of chunks) if (incoming.push(chunk) !== undefined) return;
    }),
  );
});

incomingSuite.run();
