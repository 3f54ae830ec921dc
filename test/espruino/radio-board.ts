/** The committed modules on a stage whose line is MQTT, on a real broker, with a client that does to bytes what Espruino's does. */

import mqtt from 'mqtt';
import { KEY_BYTE, stageOf } from './boards.ts';
import type { Stage } from './stage.ts';

const RECONNECT_MS = 10;
const SLICE_MS = 2;

type Publish = { readonly topic: string; readonly message: string };

/** `require("MQTT")`: what is published is made a string, and what arrives is one. */
class EspruinoClient {
  readonly #client: mqtt.MqttClient;

  constructor(url: string, password: string | undefined) {
    this.#client = mqtt.connect(url, {
      reconnectPeriod: RECONNECT_MS,
      queueQoSZero: false,
      ...(password !== undefined && { username: 'board', password }),
    });
    this.#client.on('error', () => {}); // the broker is away
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  on(event: 'connected' | 'publish', listener: (it?: Publish) => void): void {
    if (event === 'connected') this.#client.on('connect', () => listener());
    else
      this.#client.on('message', (topic, payload) =>
        listener({ topic, message: payload.toString('latin1') }),
      );
  }

  subscribe(topic: string): void {
    this.#client.subscribe(topic);
  }

  publish(topic: string, message: unknown): void {
    this.#client.publish(topic, Buffer.from(String(message), 'latin1'));
  }

  end(): void {
    this.#client.end(true);
  }
}

export type RadioBoard = {
  readonly stage: Stage;
  /** Its memory is gone, and its connection. */
  readonly reset: () => void;
  readonly close: () => void;
};

/** Its first part counts the milliseconds: a value that is sold twice shows. */
export const radioBoard = async (
  url: string,
  topic: string,
  isMetered: boolean,
  password?: string,
): Promise<RadioBoard> => {
  const stage = await stageOf();
  let client: EspruinoClient | undefined;
  const reset = (): void => {
    client?.end();
    client = new EspruinoClient(url, password);
    stage.overRadio(client, topic);
    stage.boot(isMetered);
  };
  if (isMetered) stage.memory().write(2, new Uint8Array(32).fill(KEY_BYTE));
  reset();
  let lastMs = Math.floor(performance.now());
  let measured = 0;
  const timer = setInterval(() => {
    for (const nowMs = Math.floor(performance.now()); lastMs < nowMs; lastMs++) {
      stage.measures(0, ++measured);
      stage.pass(1);
    }
  }, SLICE_MS);
  const close = (): void => {
    clearInterval(timer);
    client?.end();
  };
  return { stage, reset, close };
};
