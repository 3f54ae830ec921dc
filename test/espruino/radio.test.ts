/** A board whose line is MQTT, with clients that do to bytes what those of Espruino do. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { until } from '../agent/market.ts';
import { stageOf } from './boards.ts';

const PATH = 'greenhouse';
const SLICE_MS = 2;

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

const bytesOf = (message: string): Buffer => Buffer.from(message, 'latin1');

const radio = suite('radio.min.js');

radio('one message is one frame, byte for byte', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, PATH);
  client.connect();
  stage.boot(false);
  const [announced] = client.published;
  assert.is(announced!.topic, 'greenhouse/out');
  const bytes = bytesOf(announced!.message);
  assert.is(bytes.indexOf(0), bytes.length - 1, 'a frame ends with its zero');
});

radio('subscribes at each connection, and takes what is for it alone', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, PATH);
  stage.boot(false);
  assert.equal([client.published, client.subscribed], [[], []], 'nothing before it is connected');
  client.connect();
  client.connect();
  assert.equal(client.subscribed, ['greenhouse/in', 'greenhouse/in']);
  const hello = '\x03\x83\x00\x05\x02\x01\x00'; // no frame: but noise that it would count
  client.arrive('another/in', hello);
  assert.equal(client.published, []);
});

radio('a host hears and commands the board through it as on a wire', async () => {
  const client = new Client();
  const stage = await stageOf();
  stage.overRadio(client, PATH);
  client.connect();
  const binding = new PeerBinding();
  let timer: NodeJS.Timeout | undefined;
  binding.plug(PATH, {
    open: (send) => {
      stage.boot(false);
      timer = setInterval(() => {
        stage.pass(SLICE_MS);
        for (const one of client.published.splice(0)) send(bytesOf(one.message));
      }, SLICE_MS);
    },
    receive: (bytes) => client.arrive('greenhouse/in', Buffer.from(bytes).toString('latin1')),
    close: () => clearInterval(timer),
  });
  const opened = await openFrames({ path: PATH, binding });
  assert.ok(opened.ok, opened.ok ? '' : opened.detail);
  const device = opened.value;
  const values: number[] = [];
  device.listen({ onReading: ({ mantissa }) => values.push(mantissa) });
  // Every byte value passes: mantissas whose bytes are zeros, ones with the high bit, and all between.
  const wanted = Array.from({ length: 256 }, (_, i) => i * 0x01010101 - 0x40000000).filter(
    (one) => one < 2 ** 31,
  );
  assert.ok((await device.setPeriod(0, 10)).ok);
  for (const value of wanted) {
    stage.measures(0, value);
    await until(() => values.includes(value));
  }
  assert.ok((await device.command(2, 1)).ok);
  assert.is(stage.measured(2), 1);
  assert.equal([device.health.noiseBytes, device.health.checkErrors], [0, 0]);
  await device.close();
});

radio.run();
