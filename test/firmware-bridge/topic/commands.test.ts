import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../../schemas/result.ts';
import { until } from '../../wait.ts';
import { mapped, open, PUMP, withBroker } from './watched.ts';

const LEVEL = {
  name: 'level',
  kind: 'level',
  unit: '%',
  topic: 'shed/level/set',
  exponent: -1,
  min: 0,
  max: 1000,
};

const test = suite('commands to a device on MQTT');

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
    const { device } = await open(broker, { ...mapped({ outputs }), timing: { command: 1000 } });
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
test.run();
