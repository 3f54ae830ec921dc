import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../firmware-bridge/device.ts';
import type { Mapping, SensorMapping } from '../../firmware-bridge/topic/mapping.ts';
import { openTopic, type TopicOptions } from '../../firmware-bridge/topic.ts';
import { decimalOf } from '../../schemas/decimal.ts';
import type { Refusal, Result } from '../../schemas/result.ts';
import { until } from '../agent/market.ts';
import { HomeBroker, type HomeBrokerOptions } from './topic/home-broker.ts';

const TEMPERATURE: SensorMapping = { name: 'temperature', kind: 'temperature', unit: '°C', topic: 'shed/t' };
const PUMP = { name: 'pump', kind: 'switch', unit: '/', topic: 'shed/pump/set', words: ['OFF', 'ON'] };
const LEVEL = {
  name: 'level',
  kind: 'level',
  unit: '%',
  topic: 'shed/level/set',
  exponent: -1,
  min: 0,
  max: 1000,
};

const mapped = (mapping: Partial<Mapping> = {}): { readonly mapping: Mapping } => ({
  mapping: { sensors: [TEMPERATURE], outputs: [], ...mapping },
});

/** What a device tells, as it comes. */
class Watched {
  readonly readings: string[] = [];
  readonly refused: Refusal[] = [];
  readonly states: string[] = [];
  readonly device: Device;
  constructor(device: Device) {
    this.device = device;
    device.listen({
      onReading: ({ channel, seq, mantissa, exponent }) =>
        this.readings.push(`${channel}#${seq} ${mantissa}e${exponent}`),
      onRefused: (refusal) => this.refused.push(refusal),
      onState: (state) => this.states.push(state.online ? 'online' : `${state.code} ${state.detail}`),
    });
  }
}

const BACKOFF = { first: 5, max: 20 };

const open = async (broker: HomeBroker, options: Partial<TopicOptions>): Promise<Watched> => {
  const timing = { backoff: BACKOFF, ...options.timing };
  const opened = await openTopic({ url: broker.url, ...options, timing });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.detail}`);
  return new Watched(opened.value);
};

const failing = async (url: string, options: Partial<TopicOptions>): Promise<Refusal> => {
  const opened = await openTopic({
    url,
    ...options,
    timing: { open: 300, backoff: BACKOFF, ...options.timing },
  });
  assert.not(opened.ok, 'it opened');
  return opened as Refusal;
};

const withBroker =
  (body: (broker: HomeBroker) => Promise<void>, options: HomeBrokerOptions = {}) =>
  async (): Promise<void> => {
    const broker = await new HomeBroker(options).open();
    try {
      await body(broker);
    } finally {
      await broker.close();
    }
  };

const test = suite('openTopic');

test(
  'makes readings of what is said now, and none of what was kept',
  withBroker(async (broker) => {
    await broker.publish('shed/t', '19.0', true);
    const { device, readings } = await open(broker, mapped());
    assert.equal(device.capabilities, [
      {
        channel: 0,
        name: 'temperature',
        kind: 'temperature',
        unit: 'Cel',
        exponent: 0,
        direction: 'sensor',
        periodMs: 0,
      },
    ]);
    await broker.publish('shed/t', '21.50', true); // kept again: it is new for whoever listens already
    await broker.publish('shed/t', '-0.05');
    await until(() => readings.length === 2);
    assert.equal(readings, ['0#0 215e-1', '0#1 -5e-2']);
    await device.close();
  }),
);

test(
  'refuses what is no value with its reason, and goes on',
  withBroker(async (broker) => {
    const sensors = [
      {
        ...TEMPERATURE,
        topic: 'shed/+',
        pointer: '/AM2301/Temperature',
        min: decimalOf(-40, 0),
        max: decimalOf(60, 0),
      },
    ];
    const { device, readings, refused } = await open(broker, mapped({ sensors }));
    const bad: readonly (readonly [payload: string | Buffer, code: string, words: RegExp])[] = [
      ['{"AM2301":{"Temperature":null}}', 'device-failed', /no value now \("null"\)/],
      ['{"AM2301":{"Temperature":"unavailable"}}', 'device-failed', /"unavailable"/],
      ['{"AM2301":{"Temperature":"NaN"}}', 'device-failed', /"NaN"/],
      ['{"AM2301":{"Temperature":"warm"}}', 'object-malformed', /"warm" is no decimal/],
      ['{"AM2301":{"Temperature":{}}}', 'object-malformed', /no single value/],
      ['{"AM2301":{"Temperature":85}}', 'value-out-of-range', /above the 60 °C/],
      ['{"AM2301":{"Humidity":40}}', 'object-malformed', /no \/Temperature in \/AM2301, it has \/Humidity/],
      ['{"__proto__":{"AM2301":{"Temperature":20}}}', 'object-malformed', /it has \/__proto__/],
      ['{"AM2301":{"Temperature":20,"Temperature":30}}', 'object-malformed', /stands twice/],
      ['{"AM2301":{"Temperature":NaN}}', 'object-malformed', /NaN/],
      ['21.5', 'object-malformed', /it has nothing/],
      ['', 'object-malformed', /it ends/],
      ['['.repeat(60_000), 'object-malformed', /nests deeper/],
      [Buffer.from([0xff, 0xfe, 0x00]), 'object-malformed', /UTF-8/],
      [Buffer.alloc(65_537, 32), 'message-too-long', /65537 bytes/],
      [Buffer.alloc(2_100_000, 32), 'message-too-long', /21000\d\d bytes was passed over/],
    ];
    for (const [payload] of bad) await broker.publish('shed/a', payload);
    await broker.publish('shed/b', '{"AM2301":{"Temperature":21.5}}');
    await until(() => readings.length === 1);
    assert.equal(
      refused.map((one) => one.code),
      bad.map(([, code]) => code),
    );
    for (const [i, [, , words]] of bad.entries()) assert.match(refused[i]!.detail, words);
    assert.equal(readings, ['0#0 215e-1']);
    // The largest never became a message.
    assert.equal([device.health.messages, device.health.strays], [bad.length, bad.length - 1]);
    await device.close();
  }),
);

test(
  'takes composite texts, words and tenths as they are declared',
  withBroker(async (broker) => {
    const sensors: SensorMapping[] = [
      { ...TEMPERATURE, topic: 'w', template: 'T={}', scale: decimalOf(1, -1) },
      { name: 'humidity', kind: 'humidity', unit: '%RH', topic: 'w', template: 'H={}', exponent: 0 },
      { name: 'door', kind: 'door', unit: '/', topic: 'd', words: ['closed', 'open'] },
    ];
    const { device, readings } = await open(broker, mapped({ sensors }));
    await broker.publish('w', 'WT=9;T=215;H=40.5');
    await broker.publish('d', 'OPEN');
    await broker.publish('d', 'closed');
    await until(() => readings.length === 4);
    assert.equal(readings, ['0#0 215e-1', '1#0 40e0', '2#0 1e0', '2#1 0e0']);
    await device.close();
  }),
);

test(
  'comes and goes with its own last will',
  withBroker(async (broker) => {
    const availability = { topic: 'shed/lwt', pointer: '/state', online: 'up', offline: 'down' };
    const opening = open(broker, mapped({ availability }));
    await until(() => broker.subscriptions > 0);
    await broker.publish('shed/lwt', '{"state":"up"}', true);
    const { device, readings, refused, states } = await opening;
    await broker.publish('shed/lwt', '{"state":"down"}', true);
    await until(() => !device.online);
    assert.match(states[0]!, /^device-failed shed\/lwt says down/);
    await broker.publish('shed/t', '20');
    await until(() => refused.length === 1);
    assert.is(readings.length, 0, 'a device that is gone has no readings');
    const command = await device.command(0, 1);
    assert.is(command.ok, false);
    await broker.publish('shed/lwt', '{"state":"up"}', true);
    await until(() => device.online);
    await broker.publish('shed/lwt', '{"state":"perhaps"}');
    await broker.publish('shed/t', '21');
    await until(() => readings.length === 1);
    assert.is(device.health.reconnects, 1);
    assert.is(refused[1]!.code, 'object-malformed');
    await device.close();
  }),
);

test(
  'is gone when it is silent, and back when it speaks',
  withBroker(async (broker) => {
    const { device, readings, states } = await open(broker, {
      ...mapped(),
      timing: { silence: 60, burst: 1 },
    });
    await until(() => states.length === 1);
    assert.match(states[0]!, /^timeout nothing was said for 60 ms/);
    await broker.publish('shed/t', '20');
    await until(() => readings.length === 1);
    assert.is(states[1], 'online', 'it is there before its reading is');
    await device.close();
  }),
);

test(
  'survives a restart of the broker: numbers go on, and what was kept is not read again',
  withBroker(async (broker) => {
    const { device, readings, states } = await open(broker, mapped());
    await broker.publish('shed/t', '20', true);
    await until(() => readings.length === 1);
    await broker.close();
    await until(() => !device.online);
    assert.match(states[0]!, /^device-failed .*is the broker there/);
    await broker.open();
    await broker.publish('shed/t', '20', true);
    await until(() => device.online);
    await broker.publish('shed/t', '21');
    await until(() => readings.at(-1)?.endsWith('21e0') === true);
    // Kept before or after the subscription, the 20 is a reading only where it was said in time.
    assert.ok(readings.length <= 3);
    assert.equal(
      readings.map((one) => one.split(' ')[0]),
      readings.map((_, i) => `0#${i}`),
    );
    assert.is(device.health.reconnects, 1);
    assert.equal(states.slice(-1), ['online']);
    await device.close();
  }),
);

test(
  'sets an output, and waits until the device says so',
  withBroker(async (broker) => {
    const outputs = [
      { ...PUMP, state: { topic: 'shed/pump' } },
      { ...LEVEL, state: { topic: 'shed/level', pointer: '/level' }, payload: '{"level":{}}' },
    ];
    const { device } = await open(broker, mapped({ outputs }));
    await broker.answer('shed/+/set', (topic, payload) => [
      ['shed/pump', 'switching'],
      [topic.replace('/set', ''), payload],
    ]);
    assert.ok((await device.command(1, 1)).ok);
    assert.ok((await device.command(2, 455)).ok);
    const sent = broker.heard.filter((one) => one.topic.endsWith('/set')).map((one) => one.payload);
    assert.equal(sent, ['ON', '{"level":45.5}']);
    for (const [channel, value, code] of [
      [1, 2, 'value-out-of-range'],
      [1, -1, 'value-out-of-range'],
      [1, 0.5, 'value-out-of-range'],
      [2, 1001, 'value-out-of-range'],
      [0, 1, 'channel-unknown'],
      [9, 1, 'channel-unknown'],
    ] as const) {
      const refused = await device.command(channel, value);
      assert.is(refused.ok ? 'done' : refused.code, code, `${channel} ${value}`);
    }
    await device.close();
  }),
);

test(
  'takes the broker’s word where a device says nothing, or nothing new',
  withBroker(async (broker) => {
    await broker.publish('shed/pump', 'ON', true);
    const outputs = [{ ...PUMP, state: { topic: 'shed/pump' } }, { ...LEVEL }];
    const { device } = await open(broker, { ...mapped({ outputs }), timing: { command: 200 } });
    await until(() => device.health.messages === 1);
    assert.ok((await device.command(1, 1)).ok, 'it was on');
    assert.ok((await device.command(2, 3)).ok, 'it never says');
    const late = await device.command(1, 0);
    assert.ok(!late.ok && late.code === 'timeout' && /did not say that it is 0/.test(late.detail));
    assert.equal(
      broker.heard.filter((one) => one.topic === 'shed/pump/set').map((one) => one.payload),
      ['ON', 'OFF'],
    );
    await device.close();
  }),
);

test(
  'keeps no command for later',
  withBroker(async (broker) => {
    const outputs = [{ ...PUMP, state: { topic: 'shed/pump' } }];
    const { device } = await open(broker, { ...mapped({ outputs }), timing: { command: 60_000 } });
    const waiting = Array.from({ length: 16 }, () => device.command(1, 1));
    const over = await device.command(1, 1);
    assert.is(over.ok ? 'done' : over.code, 'busy');
    await until(() => broker.heard.filter((one) => one.topic === 'shed/pump/set').length === 16);
    await broker.close();
    const codes = (await Promise.all(waiting)).map((one: Result<void>) => (one.ok ? 'done' : one.code));
    assert.equal(
      codes,
      Array.from({ length: 16 }, () => 'device-failed'),
    );
    const offline = await device.command(1, 0);
    assert.is(offline.ok ? 'done' : offline.code, 'device-failed');
    broker.heard.length = 0;
    await broker.open();
    await until(() => device.online);
    await broker.publish('shed/t', '1');
    assert.equal(
      broker.heard.filter((one) => one.topic.endsWith('/set')),
      [],
    );
    await device.close();
  }),
);

test(
  'leaves out the readings that nobody wants',
  withBroker(async (broker) => {
    const outputs = [PUMP];
    const { device, readings } = await open(broker, mapped({ outputs }));
    assert.ok((await device.setPeriod(0, 0)).ok);
    await broker.publish('shed/t', '20');
    await until(() => device.health.messages === 1);
    assert.equal(readings, []);
    assert.ok((await device.setPeriod(0, 86_400_000)).ok);
    for (const text of ['21', '22', '23']) await broker.publish('shed/t', text);
    await until(() => device.health.messages === 4);
    assert.equal(readings, ['0#0 21e0']);
    assert.is(device.capabilities[0]!.periodMs, 86_400_000);
    for (const [channel, periodMs, code] of [
      [0, 86_400_001, 'value-out-of-range'],
      [0, 1.5, 'value-out-of-range'],
      [1, 10, 'channel-unknown'],
      [7, 10, 'channel-unknown'],
    ] as const) {
      const refused = await device.setPeriod(channel, periodMs);
      assert.is(refused.ok ? 'done' : refused.code, code);
    }
    await device.close();
  }),
);

test(
  'has no more capabilities than a profile, and says which are left out',
  withBroker(async (broker) => {
    for (let i = 0; i < 70; i++)
      await broker.publish(`homeassistant/sensor/s${i}/unit_of_measurement`, '"W"', true);
    for (let i = 0; i < 70; i++) await broker.publish(`homeassistant/sensor/s${i}/state`, '1', true);
    const { device, refused } = await open(broker, { preset: { name: 'statestream', device: 'sensor' } });
    await until(() => refused.length > 0);
    assert.is(device.capabilities.length, 64);
    assert.equal(
      refused.map((one) => one.code),
      Array.from({ length: 6 }, () => 'busy'),
    );
    assert.equal(
      device.capabilities.map((one) => one.channel),
      Array.from({ length: 64 }, (_, i) => i),
    );
    await device.close();
  }),
);

test(
  'keeps the unit of a name: what changes it is not sold',
  withBroker(async (broker) => {
    await broker.publish('homeassistant/sensor/x/unit_of_measurement', '"W"', true);
    await broker.publish('homeassistant/sensor/x/state', '1', true);
    const { device, readings, refused } = await open(broker, {
      preset: { name: 'statestream', device: 'sensor.x' },
    });
    await broker.publish('homeassistant/sensor/x/unit_of_measurement', '"kW"');
    await broker.publish('homeassistant/sensor/x/state', '2');
    await broker.publish('homeassistant/sensor/x/unit_of_measurement', '"°C"');
    await broker.publish('homeassistant/sensor/x/state', '3');
    await until(() => refused.length === 1);
    assert.equal(readings, ['0#0 2000e0']);
    assert.match(refused[0]!.detail, /was sensor in W and is sensor in Cel/);
    await device.close();
  }),
);

test(
  'asks a Sparkplug node for its birth, and minds only the death of this birth',
  withBroker(async (broker) => {
    const birth = (number: number): string =>
      JSON.stringify({
        seq: 0,
        metrics: [
          { name: 'bdSeq', dataType: 'Int64', value: number },
          {
            name: 'Level',
            alias: 1,
            dataType: 'Float',
            value: 1.5,
            properties: { engUnit: { type: 'String', value: 'm' } },
          },
        ],
      });
    const death = (number: number): string =>
      JSON.stringify({ metrics: [{ name: 'bdSeq', dataType: 'Int64', value: number }] });
    await broker.answer('spBv1.0/g/NCMD/n', () => [['spBv1.0/g/NBIRTH/n', birth(7)]]);
    const { device, readings } = await open(broker, { preset: { name: 'sparkplug', device: 'g/n' } });
    assert.match(broker.heard.find((one) => one.topic.endsWith('NCMD/n'))!.payload, 'Node Control/Rebirth');
    await broker.publish('spBv1.0/g/NDEATH/n', death(6));
    await broker.publish('spBv1.0/g/NDATA/n', '{"seq":1,"metrics":[{"alias":1,"value":2.5}]}');
    await until(() => readings.length === 1);
    assert.is(device.online, true, 'an earlier connection’s last will came late');
    await broker.publish('spBv1.0/g/NDEATH/n', death(7));
    await until(() => !device.online);
    await broker.publish('spBv1.0/g/NBIRTH/n', birth(8));
    await until(() => device.online);
    await device.close();
  }),
);

test(
  'sets what zigbee2mqtt exposes as settable',
  withBroker(async (broker) => {
    const exposes = [
      {
        type: 'switch',
        features: [
          { type: 'binary', name: 'state', property: 'state', access: 7, value_on: 'ON', value_off: 'OFF' },
        ],
      },
    ];
    const devices = [
      {
        friendly_name: 'pump',
        ieee_address: '0xa4c138d2f81e7a90',
        definition: { vendor: 'V', model: 'M', exposes },
      },
    ];
    await broker.publish('zigbee2mqtt/bridge/devices', JSON.stringify(devices), true);
    const { device } = await open(broker, { preset: { name: 'zigbee2mqtt', device: 'pump' } });
    await broker.answer('zigbee2mqtt/pump/set', (_, payload) => [['zigbee2mqtt/pump', payload]]);
    assert.ok((await device.command(0, 1)).ok);
    assert.is(broker.heard.find((one) => one.topic === 'zigbee2mqtt/pump/set')!.payload, '{"state":"ON"}');
    await broker.publish('zigbee2mqtt/bridge/state', '{"state":"offline"}');
    await until(() => !device.online);
    await device.close();
  }),
);

test(
  'says what is wrong where no device is found',
  withBroker(async (broker) => {
    await broker.publish('zigbee2mqtt/bridge/state', '{"state":"online"}', true);
    await broker.publish(
      'zigbee2mqtt/bridge/devices',
      '[{"friendly_name":"attic","definition":{"exposes":[]}}]',
      true,
    );
    const nobody = await failing(broker.url, { preset: { name: 'zigbee2mqtt', device: 'cellar' } });
    assert.is(nobody.code, 'device-failed');
    assert.match(nobody.detail, 'no device "cellar", it has: attic');
    const silent = await failing(broker.url, { preset: { name: 'tasmota', device: 'lamp' } });
    assert.is(silent.code, 'timeout');
    assert.match(silent.detail, 'tele/lamp/LWT');
    const nothing = await failing(broker.url, { mapping: { sensors: [], outputs: [] } });
    assert.is(nothing.code, 'config-invalid');
    const url = broker.url;
    await broker.close();
    const gone = await failing(url, mapped());
    assert.ok(
      gone.code === 'device-failed' && gone.detail.includes(url) && gone.detail.includes('ECONNREFUSED'),
    );
    const foreign = await failing('http://127.0.0.1:1', mapped());
    assert.match(foreign.detail, 'no way to a broker with http://');
  }),
);

test(
  'gives up at once where the broker refuses it',
  withBroker(
    async (broker) => {
      const stranger = await failing(broker.url, { ...mapped(), timing: { open: 60_000 } });
      assert.is(stranger.code, 'not-authorised');
      assert.match(stranger.detail, 'passwordFile');
      const login = { user: 'me', password: Buffer.from('secret') };
      const blind = await failing(broker.url, { ...mapped(), login, timing: { open: 60_000 } });
      assert.is(blind.code, 'not-authorised');
      assert.match(blind.detail, 'shed/t');
      const sensors = [TEMPERATURE, { ...TEMPERATURE, name: 'other', topic: 'other' }];
      const opened = await openTopic({ url: broker.url, ...mapped({ sensors }), login });
      assert.ok(opened.ok, 'one of two can be read');
      await opened.value.close();
    },
    { password: 'secret', hidden: ['shed/t'] },
  ),
);

test(
  'says nothing after it is closed, and can be closed while it connects',
  withBroker(async (broker) => {
    const { device, readings, states } = await open(broker, mapped());
    await device.close();
    await broker.publish('shed/t', '20');
    assert.equal([readings.length, states.length, device.online], [0, 0, false]);
    const stuck = await openTopic({
      url: broker.url,
      ...mapped(),
      dial: () => new Promise(() => {}),
      timing: { open: 20 },
    });
    assert.is(stuck.ok, false);
  }),
);
test.run();

const mapping = suite('mappingSource');

mapping('refuses a line that is wrong, by its name', async () => {
  const cases: readonly (readonly [Partial<Mapping>, RegExp])[] = [
    [{ sensors: [{ ...TEMPERATURE, unit: 'lqi' }] }, /temperature: "lqi" is no unit/],
    [{ sensors: [{ ...TEMPERATURE, topic: 'a/#/b' }] }, /temperature: "a\/#\/b" is no topic/],
    [{ sensors: [{ ...TEMPERATURE, pointer: 'AM2301' }] }, /temperature: "AM2301" is no JSON pointer/],
    [{ sensors: [{ ...TEMPERATURE, template: 'T=' }] }, /template "T=" must have one \{\}/],
    [{ sensors: [{ ...TEMPERATURE, name: 'Außen' }] }, /"Außen" must be letters/],
    [{ sensors: [TEMPERATURE, TEMPERATURE] }, /"temperature" stands twice/],
    [{ outputs: [{ ...PUMP, topic: 'a/+' }] }, /pump: "a\/\+" is no topic to publish to/],
    [{ outputs: [{ ...PUMP, payload: 'ON' }] }, /pump: the payload "ON" must have one/],
    [{ outputs: [{ ...PUMP, max: 2 }] }, /pump: values from 0 to 2 do not fit its words/],
    [{ outputs: [{ ...PUMP, state: { topic: '' } }] }, /pump: "" is no topic/],
    [{ availability: { topic: '#x', online: 'on', offline: 'off' } }, /availability: "#x" is no topic/],
  ];
  for (const [lines, words] of cases) {
    const refused = await openTopic({ url: 'mqtt://127.0.0.1:1', ...mapped(lines) });
    assert.ok(!refused.ok && refused.code === 'config-invalid');
    assert.match((refused as Refusal).detail, words);
  }
});
mapping.run();
