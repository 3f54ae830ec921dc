/** A board whose line is MQTT: what its module does with a client, and what a host sees of it through a real broker. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { taken } from '../agent/market.ts';
import { HomeBroker } from '../firmware-bridge/topic/home-broker.ts';
import { until } from '../wait.ts';
import { stageOf } from './boards.ts';
import { radioBoard } from './radio-board.ts';

const TOPIC = 'greenhouse';
const SILENCE = '\0';

type Publish = { readonly topic: string; readonly message: string };

/** `require("MQTT")` of Espruino: whatever is published is a string by then, and so is what arrives. */
class Client {
  connected = false;
  readonly subscribed: string[] = [];
  readonly published: Publish[] = [];
  #onConnected = (): void => {};
  #onPublish = (_: Publish): void => {};

  on(event: string, listener: never): void {
    if (event === 'connected') this.#onConnected = listener;
    if (event === 'publish') this.#onPublish = listener;
  }

  publish(topic: string, message: unknown): void {
    this.published.push({ topic, message: String(message) });
  }

  subscribe(topic: string): void {
    this.subscribed.push(topic);
  }

  connect(): void {
    this.connected = true;
    this.#onConnected();
  }

  arrive(topic: string, message: string): void {
    this.#onPublish({ topic, message });
  }
}

const radio = suite('radio.min.js');

radio('one message is one frame, byte for byte', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, TOPIC);
  client.connect();
  stage.boot(false);
  const [silence, announced] = client.published;
  assert.equal(silence, { topic: 'greenhouse/out', message: SILENCE });
  assert.is(announced!.topic, 'greenhouse/out');
  assert.is(announced!.message.indexOf('\0'), announced!.message.length - 1, 'a frame ends with its zero');
});

radio('subscribes at each connection, tells that it is there, and takes what is for it alone', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, TOPIC);
  stage.boot(false);
  assert.equal([client.published, client.subscribed], [[], []], 'nothing before it is connected');
  client.connect();
  client.connect();
  assert.equal(client.subscribed, ['greenhouse/in', 'greenhouse/in']);
  assert.equal(
    client.published.splice(0).map((one) => one.message),
    [SILENCE, SILENCE],
  );
  const hello = '\x03\x83\x00\x05\x02\x01\x00'; // no frame: but noise that it would count
  client.arrive('another/in', hello);
  assert.equal(client.published, []);
});

radio('subscribes where it was connected before the board was started', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, TOPIC);
  client.connect();
  assert.equal(client.subscribed, []);
  stage.boot(false);
  assert.equal(client.subscribed, ['greenhouse/in']);
});

radio('a host hears and commands the board through a broker as on a wire', async () => {
  const broker = await new HomeBroker().open();
  const board = await radioBoard(broker.url, TOPIC, false);
  const device = taken(await openFrames({ mqtt: { url: broker.url, topic: TOPIC } }));
  try {
    const { stage } = board;
    const values: number[] = [];
    device.listen({ onReading: ({ channel, mantissa }) => channel === 1 && values.push(mantissa) });
    // Every byte value passes: mantissas whose bytes are zeros, ones with the high bit, and all between.
    const wanted = Array.from({ length: 256 }, (_, i) => i * 0x01010101 - 0x40000000).filter(
      (one) => one < 2 ** 31,
    );
    assert.ok((await device.setPeriod(0, 0)).ok);
    assert.ok((await device.setPeriod(1, 20)).ok);
    for (const value of wanted) {
      stage.measures(1, value);
      await until(() => values.includes(value));
    }
    assert.ok((await device.command(2, 1)).ok);
    assert.is(stage.measured(2), 1);
    assert.equal([device.health.noiseBytes, device.health.checkErrors, device.health.strays], [0, 0, 0]);
  } finally {
    await device.close();
    board.close();
    await broker.close();
  }
});

radio.run();
