import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../wait.ts';
import { failing, mapped, open, withBroker } from './watched.ts';

const test = suite('a preset on a broker');

test(
  'has no more capabilities than a profile, and says which are left out',
  withBroker(async (broker) => {
    for (let i = 0; i < 70; i++)
      await broker.publish(`homeassistant/sensor/s${i}/unit_of_measurement`, '"W"', true);
    for (let i = 0; i < 70; i++) await broker.publish(`homeassistant/sensor/s${i}/state`, '1', true);
    const { device, refused } = await open(broker, { preset: { name: 'statestream', device: 'sensor' } });
    await until(() => refused.length === 6);
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
  'says what is wrong where no device is found',
  withBroker(async (broker) => {
    await broker.publish('zigbee2mqtt/bridge/state', '{"state":"online"}', true);
    await broker.publish(
      'zigbee2mqtt/bridge/devices',
      '[{"friendly_name":"attic","ieee_address":"0x01","definition":{"exposes":[]}}]',
      true,
    );
    const nobody = await failing(broker.url, { preset: { name: 'zigbee2mqtt', device: 'cellar' } });
    assert.is(nobody.code, 'device-failed');
    assert.match(nobody.detail, 'no device "cellar", it has: attic');
    const named = await failing(broker.url, { preset: { name: 'zigbee2mqtt', device: '0x01' } });
    assert.match(named.detail, 'is called "attic"');
    const silent = await failing(broker.url, { preset: { name: 'tasmota', device: 'lamp' } });
    assert.is(silent.code, 'timeout');
    assert.match(silent.detail, 'tele/lamp/LWT');
    await broker.publish('tele/lamp/LWT', 'Offline', true);
    const off = await failing(broker.url, { preset: { name: 'tasmota', device: 'lamp' } });
    assert.equal([off.code, off.detail], ['device-failed', 'tele/lamp/LWT says Offline']);
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
test.run();
