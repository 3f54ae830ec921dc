import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SensorMapping } from '../../firmware-bridge/topic/mapping.ts';
import { openTopic } from '../../firmware-bridge/topic.ts';
import { decimalOf } from '../../schemas/decimal.ts';
import { until } from '../wait.ts';
import { failing, mapped, open, PUMP, TEMPERATURE, withBroker } from './topic/watched.ts';

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
