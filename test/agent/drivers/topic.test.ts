/** MQTT devices in an agent: as a configuration names them, and as their readings are sold. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVICE } from '../../../agent/drivers/drivers.ts';
import { openTopic, SHAPE_TOPIC } from '../../../agent/drivers/topic.ts';
import { readConfig } from '../../../agent/host/config-file.ts';
import { s } from '../../../agent/host/shape.ts';
import { HomeBroker } from '../../firmware-bridge/topic/home-broker.ts';
import { Watch } from '../../firmware-bridge/watch.ts';
import { until } from '../../wait.ts';
import { assertBooks, assertRising, hasSettled, isDone } from '../books.ts';
import { demand, Market, offer, taken } from '../market.ts';

const SELLER = 1;
const BUYER = 2;

const SHAPE = s.object(SHAPE_TOPIC, { about: 'A device' });
const read = (text: string) => readConfig('agent.yaml', text, SHAPE);
const BROKER = 'broker: { url: mqtt://127.0.0.1:1883 }\n';

const shape = suite('SHAPE_TOPIC');

shape('accepts what the README shows', () => {
  const readme = readFileSync(new URL('../../../firmware-bridge/topic/README.md', import.meta.url), 'utf8');
  const [, block = ''] = /^ {4}(devices:\n[\s\S]*?)\n\n/m.exec(readme) ?? [];
  const devices = s.object({ devices: s.list(DEVICE, { about: 'Devices' }) }, { about: 'A file' });
  const file = readConfig('agent.yaml', block.replace(/^ {4}/gm, ''), devices);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(
    file.value.devices.map(({ name }) => name),
    ['garden', 'shed'],
  );
});

for (const [what, topics, sentence] of [
  ['a preset without a device', '{ preset: tasmota }', /a preset needs a device/],
  ['a prefix without a preset', '{ prefix: a }', /a prefix is of a preset/],
  ['nothing to go by', '{ sensors: [] }', /nothing says what the topics mean/],
  ['a preset that is near one', '{ preset: zigbe2mqtt, device: a }', /did you mean "zigbee2mqtt"/],
  [
    'a device that cannot be',
    '{ preset: sparkplug, device: a }',
    /nothing that sparkplug has: give group\/node/,
  ],
  [
    'a unit that nobody knows',
    '{ sensors: [{ name: t, kind: t, unit: lqi, topic: a }] }',
    /t: "lqi" is no unit of SenML/,
  ],
  [
    'a filter that is none',
    '{ sensors: [{ name: t, kind: t, unit: m, topic: a+ }] }',
    /t: "a\+" is no topic/,
  ],
] as const) {
  shape(`refuses ${what} at its line`, () => {
    const file = read(`${BROKER}topics: ${topics}\n`);
    assert.ok(!file.ok && file.code === 'config-invalid');
    assert.match(file.detail, /agent\.yaml:2:/);
    assert.match(file.detail, sentence);
  });
}
shape.run();

const opening = suite('openTopic');

opening('takes the password from its file, and says which file cannot be read', async () => {
  const broker = await new HomeBroker({ password: 'secret' }).open();
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-topic-'));
  try {
    writeFileSync(join(folder, 'password'), 'secret\n');
    const config = (login: string) =>
      taken(
        read(
          `broker: { url: "${broker.url}"${login} }\ntopics: { sensors: [{ name: t, kind: t, unit: °C, topic: a }] }\nsilenceS: 60\n`,
        ),
      );
    const device = taken(await openTopic(config(`, user: test, passwordFile: ${join(folder, 'password')}`)));
    assert.is(device.capabilities[0]!.unit, 'Cel');
    await device.close();
    for (const [login, code, words] of [
      [`, user: test, passwordFile: ${join(folder, 'none')}`, 'storage-failed', /none/],
      [`, caFile: ${join(folder, 'none')}`, 'storage-failed', /none/],
      [', user: test', 'config-invalid', /a user needs a password/],
      ['', 'not-authorised', /passwordFile/],
    ] as const) {
      const refused = await openTopic(config(login));
      assert.ok(!refused.ok && refused.code === code, `${login}: ${refused.ok ? 'opened' : refused.code}`);
      assert.match(refused.detail, words);
    }
  } finally {
    rmSync(folder, { recursive: true });
    await broker.close();
  }
});
opening.run();

const DEVICES = JSON.stringify([
  {
    friendly_name: 'garden/thermometer',
    ieee_address: '0x00158d0004a3b2c1',
    definition: {
      vendor: 'Aqara',
      model: 'WSDCGQ11LM',
      exposes: [{ type: 'numeric', name: 'temperature', property: 'temperature', access: 1, unit: '°C' }],
    },
  },
]);

/** A zigbee2mqtt that publishes rising temperatures while its broker is there: one that is sold twice shows. */
class Zigbee2mqtt {
  readonly broker = new HomeBroker();
  hundredths = 2000;

  async open(): Promise<void> {
    await this.broker.open();
    await this.broker.publish('zigbee2mqtt/bridge/devices', DEVICES, true);
    await this.broker.publish('zigbee2mqtt/garden/thermometer/availability', '{"state":"online"}', true);
    this.hundredths++;
    await this.broker.publish('zigbee2mqtt/garden/thermometer', this.state(), true);
  }

  /** As zigbee2mqtt does with `retain` set for a device. */
  measure(): void {
    this.hundredths++;
    void this.broker.publish('zigbee2mqtt/garden/thermometer', this.state(), true).catch(() => {});
  }

  private state(): string {
    return `{"temperature":${(this.hundredths / 100).toFixed(2)},"linkquality":90}`;
  }
}

const sale = suite('a sale from a device on MQTT');

sale('loses no paid reading and sells none twice when its broker restarts in the middle', async () => {
  const market = await new Market().open();
  const home = new Zigbee2mqtt();
  await home.open();
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    const config = taken(
      read(
        `broker: { url: "${home.broker.url}" }\ntopics: { preset: zigbee2mqtt, device: garden/thermometer }\n`,
      ),
    );
    const device = taken(await openTopic(config));
    const watch = new Watch(device);
    const drivers = { board: async () => ({ ok: true as const, value: device }) };
    const seller = await market.start({ seed: SELLER, drivers, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    const measure = (): void => home.measure();
    await until(() => buyer.bought.length >= 10, measure);
    await home.broker.close();
    await until(() => !device.online);
    assert.ok(!isDone(buyer), 'the lease is over before the broker was gone');
    await home.open();
    await until(() => device.online);
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    const values = assertRising(buyer, 40);
    const measured = new Set(
      watch.readings.map(({ mantissa, exponent }) => Number(`${mantissa}e${exponent}`)),
    );
    assert.ok(values.every((value) => measured.has(value)));
    assert.is(device.health.reconnects, 1);
    await assertBooks(market, seller, buyer);
  } finally {
    await market.close();
    await home.broker.close();
  }
});
sale.run();
