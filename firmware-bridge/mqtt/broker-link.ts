/**
 * A connection to a broker that is kept up, with its subscriptions. Lost, it is made again, soon, then ever more
 * rarely.
 *
 * Subscriptions are of QoS 0 in a clean session: what was published while we were away is old when it
 * comes, so QoS 1 would add nothing but repetitions. Commands are of QoS 1 and never kept.
 */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { MqttClient } from 'mqtt';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { Backoff, type BackoffMs } from '../backoff.ts';
import { clientOver, sayGoodbye, unreadableOf } from './client.ts';
import type { Dial } from './dial.ts';
import { GuardedStream } from './guarded-stream.ts';

export type Login = { readonly user: string; readonly password: Uint8Array };

export type LinkOptions = {
  readonly url: string;
  readonly login: Login | undefined;
  readonly dial: Dial;
  readonly filters: readonly string[];
  /** What is longer is passed over while it arrives. */
  readonly packetBytesMax: number;
  readonly backoff: Partial<BackoffMs> | undefined;
};

export type LinkEvents = {
  /** Connected, and subscribed to all that may be read. */
  readonly onUp: () => void;
  /** `fresh` where the broker had not kept it and does not repeat it. */
  readonly onMessage: (topic: string, payload: Uint8Array, fresh: boolean) => void;
  /** Something is wrong, and the connection goes on. */
  readonly onRefused: (refusal: Refusal) => void;
  /** It did not come up, or is lost; it will be tried again. */
  readonly onLost: (refusal: Refusal) => void;
};

const KEEPALIVE_S = 20;
/** Bytes that wait for a slow line: commands are short. */
const UNSENT_BYTES_MAX = 65_536;

const OFFLINE = refuse('device-failed', 'there is no connection to the broker: try again later');

/** CONNACK (MQTT 3.1.1 section 3.2.2.3). */
const refusalOf = (url: string, error: Error): Refusal => {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : 0;
  if (code === 4 || code === 5)
    return refuse(
      'not-authorised',
      `${url} refuses the name or the password (code ${code}): check user and passwordFile`,
    );
  if (code === 1)
    return refuse('protocol-unsupported', `${url} does not speak MQTT 3.1.1: use another broker`);
  return refuse('device-failed', `no connection to ${url}: ${error.message}; is the broker there?`);
};

export class BrokerLink {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #clientId = `tollbridge-${randomBytes(6).toString('hex')}`; // 23 characters: any broker takes them
  #session: MqttClient | undefined;
  #stream: Duplex | undefined;
  #up = false;
  #attempt = 0; // what an earlier one still delivers is ignored
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff: Backoff;
  #closed = false;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff(options.backoff);
  }

  open(): void {
    void this.#connect();
  }

  /** Resolves with the broker's acknowledgement, and never where the connection is lost before. Code: device-failed. */
  publish(topic: string, payload: string): Promise<Result<void>> {
    const session = this.#writable();
    if (session === undefined) return Promise.resolve(OFFLINE);
    return new Promise((resolve) => {
      session.publish(topic, payload, { qos: 1 }, (error) => {
        resolve(
          error
            ? refuse('device-failed', `the broker did not take ${topic}: ${error.message}`)
            : ok(undefined),
        );
      });
    });
  }

  /** Of QoS 0: whoever sends it sees to its answer. False where the line takes no more. */
  send(topic: string, payload: Uint8Array): boolean {
    const session = this.#writable();
    session?.publish(topic, Buffer.from(payload), { qos: 0 });
    return session !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#attempt++;
    clearTimeout(this.#timer);
    const session = this.#session;
    const stream = this.#stream;
    if (session === undefined || stream === undefined) return;
    this.#up = false;
    await sayGoodbye(session, stream);
  }

  #writable(): MqttClient | undefined {
    const waiting = this.#stream?.writableLength ?? 0;
    return this.#up && waiting <= UNSENT_BYTES_MAX ? this.#session : undefined;
  }

  #lose(refusal: Refusal): void {
    this.#attempt++;
    this.#up = false;
    this.#session?.end(true);
    this.#stream?.destroy();
    this.#session = undefined;
    this.#stream = undefined;
    this.#events.onLost(refusal);
    if (this.#closed) return;
    // Half of the wait is chance: many clients lose a broker at once.
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.nextMs() * (0.5 + Math.random() / 2));
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const isOver = (): boolean => attempt !== this.#attempt;
    try {
      const stream = await this.#options.dial(this.#options.url);
      if (isOver()) stream.destroy();
      else this.#begin(stream, isOver);
    } catch (error) {
      if (!isOver()) this.#lose(refusalOf(this.#options.url, error as Error));
    }
  }

  #begin(socket: Duplex, isOver: () => boolean): void {
    const { packetBytesMax, login } = this.#options;
    const stream = new GuardedStream(socket, packetBytesMax, (bytes) => {
      const detail = `a message of ${bytes} bytes was passed over, at most ${packetBytesMax} are read`;
      this.#events.onRefused(refuse('message-too-long', detail));
    });
    let why = refuse(
      'device-failed',
      `the connection to ${this.#options.url} was lost: is the broker there?`,
    );
    const session = clientOver(stream, {
      clientId: this.#clientId,
      keepalive: KEEPALIVE_S,
      ...(login === undefined ? {} : { username: login.user, password: Buffer.from(login.password) }),
    });
    this.#stream = stream;
    this.#session = session;
    session.on('error', (error) => {
      why = refusalOf(this.#options.url, error);
    });
    session.on('close', () => {
      if (!isOver()) this.#lose(why);
    });
    session.on('connect', () => {
      if (!isOver()) this.#subscribe(session, isOver);
    });
    session.on('message', (topic, payload, packet) => {
      if (!isOver()) this.#events.onMessage(topic, payload, !packet.retain && !packet.dup);
    });
  }

  #subscribe(session: MqttClient, isOver: () => boolean): void {
    const { filters, url } = this.#options;
    session.subscribe([...filters], { qos: 0 }, (_error, _granted, suback) => {
      if (isOver()) return;
      const unreadable = suback === undefined ? filters : unreadableOf(filters, suback);
      const refusal = refuse(
        'not-authorised',
        `${url} does not let us read ${unreadable.join(', ')}: ask for the right to`,
      );
      if (unreadable.length === filters.length && filters.length > 0) return this.#lose(refusal);
      if (unreadable.length > 0) this.#events.onRefused(refusal);
      this.#up = true;
      this.#backoff.reset();
      this.#events.onUp();
    });
  }
}
