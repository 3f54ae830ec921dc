/** Boards of ours on a broker: as a configuration names them, and as an Espruino's readings are sold, also through a restart of its broker. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVICE } from '../../../agent/drivers/drivers.ts';
import { openFrames, SHAPE_FRAMES } from '../../../agent/drivers/frames.ts';
import { readConfig } from '../../../agent/host/config-file.ts';
import { s } from '../../../agent/host/shape.ts';
import type { Device } from '../../../firmware-bridge/device.ts';
import type { Result } from '../../../schemas/result.ts';
import { KEY_BYTE } from '../../espruino/boards.ts';
import { type RadioBoard, radioBoard } from '../../espruino/radio-board.ts';
import { HomeBroker } from '../../firmware-bridge/topic/home-broker.ts';
import { until } from '../../wait.ts';
import { assertBooks, hasSettled, isDone } from '../books.ts';
import { demand, Market, offer, type Party, taken } from '../market.ts';

const SELLER = 1;
const BUYER = 2;
const READINGS = 60;
const TOPIC = 'boards/shed';

const SHAPE = s.object(SHAPE_FRAMES, { about: 'A board' });
const DEVICES = s.object({ devices: s.list(DEVICE, { about: 'Devices' }) }, { about: 'A file' });
const ON_BROKER = 'broker: { url: mqtt://box:1883 }';

const shape = suite('SHAPE_FRAMES on a broker');

const read = (device: string) =>
  readConfig('agent.yaml', `devices:\n  - { driver: frames, name: shed, ${device} }\n`, DEVICES);

shape('takes a broker and a topic instead of a port', () => {
  const file = taken(read(`${ON_BROKER}, topic: boards/shed`));
  const [device] = file.devices;
  assert.ok(device?.driver === 'frames');
  assert.equal([device.path, device.broker?.url, device.topic], [null, 'mqtt://box:1883', TOPIC]);
});

shape('accepts what the README shows', () => {
  const readme = readFileSync(new URL('../../../firmware-bridge/README.md', import.meta.url), 'utf8');
  const [example] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((block) => block[1]!);
  const file = readConfig('agent.yaml', example!, DEVICES);
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

for (const [what, device, sentence] of [
  ['neither port nor broker', '', /path is missing, the serial port of the board; or broker and topic/],
  ['a port and a broker', `path: ./a, ${ON_BROKER}, topic: a`, /at a port or on a broker: leave path out/],
  ['a port and a topic', 'path: ./a, topic: a', /at a port or on a broker: leave path out/],
  ['a broker without a topic', ON_BROKER, /topic is missing, such as boards\/shed/],
  ['a topic without a broker', 'topic: boards/shed', /broker is missing, where the topic boards\/shed is/],
  ['a filter', `${ON_BROKER}, topic: boards/+`, /"boards\/\+" is no topic/],
  ['a topic of one direction', `${ON_BROKER}, topic: boards/shed/out`, /leave "\/out" out/],
  ['a topic of the market', `${ON_BROKER}, topic: tb1/shed`, /under tb1\/ are the messages of the market/],
  [
    'another protocol',
    'broker: { url: "http://box" }, topic: a',
    /mqtt:\/\/, mqtts:\/\/, ws:\/\/ or wss:\/\//,
  ],
] as const) {
  shape(`refuses ${what} at its line`, () => {
    const file = read(device);
    assert.ok(!file.ok && file.code === 'config-invalid');
    assert.match(file.detail, /agent\.yaml:2:/);
    assert.match(file.detail, sentence);
  });
}

shape.run();

const opening = suite('openFrames of a configuration');

opening('gives the broker its password, and says which file cannot be read', async () => {
  const broker = await new HomeBroker({ password: 'secret' }).open();
  const market = new Market(); // for its folder
  const board = await radioBoard(broker.url, TOPIC, false, 'secret');
  try {
    const file = join(market.folder, 'password');
    writeFileSync(file, 'secret\n');
    const open = (passwordFile: string): Promise<Result<Device>> => {
      const place = `broker: { url: "${broker.url}", user: test, passwordFile: ${passwordFile} }\ntopic: ${TOPIC}\n`;
      return openFrames(taken(readConfig('agent.yaml', place, SHAPE)));
    };
    const device = taken(await open(file));
    assert.is(device.identity.board, 'greenhouse');
    await device.close();
    const missing = await open(`${file}-none`);
    assert.ok(!missing.ok && missing.code === 'storage-failed');
    writeFileSync(file, 'wrong\n');
    const wrong = await open(file);
    assert.ok(!wrong.ok && wrong.code === 'not-authorised');
  } finally {
    board.close();
    await broker.close();
    await market.close();
  }
});

opening.run();

/** Bought to the end, each reading once and measured after the one before, and the same in three books. */
const assertSold = async (market: Market, seller: Party, buyer: Party): Promise<void> => {
  assert.equal(
    buyer.bought.map((one) => one.seq),
    Array.from({ length: READINGS }, (_, i) => i + 1),
  );
  const values = buyer.bought.map((one) => Number(one.text));
  for (const [i, value] of values.entries()) assert.ok(i === 0 || value > values[i - 1]!, `${value} at ${i}`);
  await assertBooks(market, seller, buyer);
};

class Garden {
  readonly broker = new HomeBroker();
  readonly market = new Market();
  board: RadioBoard | undefined;
  device: Device | undefined;

  readonly open = async (): Promise<Result<Device>> => {
    const place = `broker: { url: "${this.broker.url}" }\ntopic: ${TOPIC}\n`;
    const opened = await openFrames(taken(readConfig('agent.yaml', place, SHAPE)));
    if (opened.ok) this.device = opened.value;
    return opened;
  };

  async start(isMetered: boolean): Promise<readonly [seller: Party, buyer: Party]> {
    await this.broker.open();
    await this.market.open();
    await this.market.deposit(BUYER, 10_000_000_000n);
    this.board = await radioBoard(this.broker.url, TOPIC, isMetered);
    const keyFile = join(this.market.folder, 'meter-key');
    writeFileSync(keyFile, `${KEY_BYTE.toString(16).repeat(32)}\n`, { mode: 0o600 });
    const seller = await this.market.start({
      seed: SELLER,
      drivers: { board: this.open },
      ...(isMetered && { meterKeys: { board: keyFile } }),
      sell: [offer({ periodMs: 20 })],
    });
    const buyer = await this.market.start({ seed: BUYER, buy: [demand({ readings: READINGS })] });
    return [seller, buyer];
  }

  async restartBroker(buyer: Party): Promise<void> {
    await this.broker.close();
    await until(() => !this.device!.online);
    assert.ok(!isDone(buyer), 'the lease is over before the broker was gone');
    await this.broker.open();
  }

  async close(): Promise<void> {
    await this.market.close();
    this.board?.close();
    await this.broker.close();
  }
}

const inGarden =
  (isMetered: boolean, body: (garden: Garden, seller: Party, buyer: Party) => Promise<void>) =>
  async (): Promise<void> => {
    const garden = new Garden();
    try {
      const [seller, buyer] = await garden.start(isMetered);
      await body(garden, seller, buyer);
    } finally {
      await garden.close();
    }
  };

const sale = suite('a sale from a board on a broker');

for (const [how, isMetered] of [
  ['', false],
  [', on the credit of its meter', true],
] as const) {
  sale(
    `loses no paid reading and sells none twice when its broker restarts in the middle${how}`,
    inGarden(isMetered, async (garden, seller, buyer) => {
      await until(() => buyer.bought.length >= 15);
      await garden.restartBroker(buyer);
      await until(() => isDone(buyer) && hasSettled(seller, 1));
      await assertSold(garden.market, seller, buyer);
      assert.is(garden.device!.health.reconnects, 1);
      assert.is(garden.device!.meter?.keySet ?? false, isMetered);
    }),
  );
}

sale(
  'goes on after the board itself was reset in the middle',
  inGarden(true, async (garden, seller, buyer) => {
    await until(() => buyer.bought.length >= 15);
    garden.board!.reset();
    await until(() => isDone(buyer) && hasSettled(seller, 1));
    await assertSold(garden.market, seller, buyer);
  }),
);

sale.run();
