/**
 * A worker's line to its broker, of any make: plain MQTT 3.1.1 or 5, a clean session, made again for as long as it takes.
 *
 * It keeps no message. A request that a lost connection took with it is sent again by whoever asked, and an answer that
 * cannot leave now is asked for again (`schemas/spec/requests.md` rule 2).
 */

import type { Duplex } from 'node:stream';
import type { IPublishPacket, MqttClient } from 'mqtt';
import mqtt from 'mqtt/lib/client'; // the class alone: all of the package would take 2 MB more
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { gatherWrites } from '../../gather.ts';
import { shortenPackets } from './shorten.ts';

export type LineOptions = {
  /** Unlike that of any other client: a broker ends the older of two. */
  readonly clientId: string;
  readonly login: { readonly user: string; readonly password: Uint8Array } | null;
  readonly protocol: '3.1.1' | '5';
  /** At which filters are subscribed to; 0 spares a NATS cluster a consumer on disk for each. */
  readonly qos: 0 | 1;
  /** A connected stream; rejects with an Error whose message is a sentence's end. */
  readonly dial: () => Promise<Duplex>;
};

export type LineUser = {
  /** Reads on at once, or, where a promise is given, once that is resolved. */
  readonly onMessage: (topic: string, payload: Uint8Array) => Promise<void> | undefined;
  /** Connected, and what was followed is read. */
  readonly onUp: () => void;
  /** Not repeated while it stays the same; `why` is a sentence's end. */
  readonly onDown: (why: string) => void;
};

export type Line = {
  /** Begins to connect, and goes on trying until it is closed. */
  readonly open: () => void;
  /** What is read from now on: filters that are new are subscribed to before others are given up. */
  readonly follow: (filters: readonly string[]) => void;
  /** At QoS 1. Code: busy (no connection, or the broker is slower than what is sent; nothing was kept). */
  readonly publish: (topic: string, payload: Uint8Array) => Result<null>;
  /** What was handed over is sent, then goodbye is said. */
  readonly close: () => Promise<void>;
};

const KEEPALIVE_S = 20;
const CONNACK_MS_MAX = 15_000;
const GOODBYE_MS_MAX = 2000;
const WAIT_MS_MIN = 100;
/** Shorter than an agent's: a worker that is away keeps many waiting. */
const WAIT_MS_MAX = 5000;
const STABLE_MS = 10_000;
/** Answers on the way to a broker that is slow: some 4,000 of 250 bytes. */
const WAITING_BYTES_MAX = 1_048_576;
/** Without their PUBACK; MQTT has 65,535 numbers for them. */
const IN_FLIGHT_MAX = 16_384;
/** All 256 shards would be 4 kB in one packet; some brokers take fewer filters at once. */
const FILTERS_PER_PACKET = 64;
/** Of a packet, as brokers of ours have it (`broker/limits.ts`): no request takes half. mqtt.js would keep 256 MB. */
const PACKET_BYTES_MAX = 32_768;
/** SUBACK: 128 refuses in 3.1.1, 128 and more in 5. */
const UNREADABLE = 128;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const clientOver = (stream: Duplex, { clientId, login, protocol }: LineOptions): MqttClient =>
  new mqtt.default(() => stream, {
    clientId,
    protocolVersion: protocol === '5' ? 5 : 4,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNACK_MS_MAX,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    writeCache: false, // else a buffer for each of the 65,536 lengths and ids is kept: 6 MB
    ...(login && { username: login.user, password: asBuffer(login.password) }),
    ...(protocol === '5' && { properties: { maximumPacketSize: PACKET_BYTES_MAX } }),
  });

const inPackets = (filters: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(filters.length / FILTERS_PER_PACKET) }, (_, i) =>
    filters.slice(i * FILTERS_PER_PACKET, (i + 1) * FILTERS_PER_PACKET),
  );

class MqttLine implements Line {
  readonly #options: LineOptions;
  readonly #user: LineUser;
  #wanted: ReadonlySet<string> = new Set();
  /** Asked for on this connection. */
  #followed: ReadonlySet<string> = new Set();
  #stream: Duplex | null = null;
  #client: MqttClient | null = null;
  /** The broker has taken us. */
  #connected = false;
  /** And the user knows. */
  #up = false;
  #unanswered = 0; // SUBSCRIBE packets
  #upSinceMs = 0;
  #inFlight = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #told = '';
  #why = '';

  constructor(options: LineOptions, user: LineUser) {
    this.#options = options;
    this.#user = user;
  }

  open(): void {
    void this.#attempt();
  }

  follow(filters: readonly string[]): void {
    this.#wanted = new Set(filters);
    this.#subscribe();
  }

  publish(topic: string, payload: Uint8Array): Result<null> {
    const waiting = this.#stream?.writableLength ?? 0;
    if (!this.#connected) return refuse('busy', 'there is no connection to the broker');
    if (waiting > WAITING_BYTES_MAX || this.#inFlight >= IN_FLIGHT_MAX)
      return refuse('busy', `${waiting} bytes and ${this.#inFlight} messages wait for the broker`);
    this.#inFlight++;
    this.#client!.publish(topic, asBuffer(payload), { qos: 1 }, () => this.#inFlight--);
    return ok(null);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const stream = this.#stream;
    const client = this.#client;
    if (stream === null || client === null) return;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const late = setTimeout(() => stream.destroy(), GOODBYE_MS_MAX);
    client.end(); // waits for the PUBACK of what is on its way
    await closed;
    clearTimeout(late);
  }

  async #attempt(): Promise<void> {
    this.#why = 'the broker closed the connection';
    try {
      const stream = await this.#options.dial();
      if (this.#closed) stream.destroy();
      else this.#begin(stream);
    } catch (error) {
      this.#lost((error as Error).message);
    }
  }

  #begin(stream: Duplex): void {
    gatherWrites(stream);
    shortenPackets(stream, PACKET_BYTES_MAX);
    const client = clientOver(stream, this.#options);
    this.#stream = stream;
    this.#client = client;
    client.on('connect', () => this.#onConnected());
    client.on('error', (error) => {
      this.#why = error.message;
      stream.destroy();
    });
    stream.once('error', (error) => {
      this.#why = error.message;
    });
    client.once('close', () => this.#lost(this.#why));
    // The next packet is read, and this one acknowledged, when `next` is called.
    client.handleMessage = ({ topic, payload }: IPublishPacket, next) => {
      const done = this.#user.onMessage(topic, new Uint8Array(payload as Buffer));
      if (done === undefined) next();
      else void done.then(() => next());
    };
  }

  #onConnected(): void {
    this.#connected = true;
    this.#subscribe();
    this.#tellUp();
  }

  #tellUp(): void {
    if (this.#up || this.#unanswered > 0) return;
    this.#up = true;
    this.#upSinceMs = performance.now();
    this.#user.onUp();
  }

  #subscribe(): void {
    if (!this.#connected) return;
    const added = [...this.#wanted].filter((filter) => !this.#followed.has(filter));
    const dropped = [...this.#followed].filter((filter) => !this.#wanted.has(filter));
    this.#followed = this.#wanted;
    for (const filters of inPackets(added)) this.#subscribeTo(filters);
    for (const filters of inPackets(dropped)) this.#client!.unsubscribe(filters);
  }

  /** Without one of them this line is of no use, and begins anew. */
  #subscribeTo(filters: readonly string[]): void {
    const client = this.#client!;
    this.#unanswered++;
    client.subscribe([...filters], { qos: this.#options.qos }, (_error, _granted, suback) => {
      if (client !== this.#client) return;
      this.#unanswered--;
      const granted = (suback?.granted ?? []) as readonly number[];
      const unreadable = filters.find((_, i) => (granted[i] ?? UNREADABLE) >= UNREADABLE);
      if (unreadable === undefined) return this.#tellUp();
      this.#why = `the broker does not let the settler read ${unreadable}: see its rules`;
      this.#stream!.destroy();
    });
  }

  #lost(why: string): void {
    if (this.#up && performance.now() - this.#upSinceMs >= STABLE_MS) this.#failures = 0;
    const wasUp = this.#up;
    this.#up = false;
    this.#connected = false;
    this.#unanswered = 0;
    this.#inFlight = 0;
    this.#followed = new Set();
    this.#stream = null;
    this.#client = null;
    if (this.#closed) return;
    if (wasUp || this.#told !== why) this.#user.onDown(why);
    this.#told = why;
    // Half of the wait is chance: all workers lose a broker at once.
    const waitMs = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(this.#failures++, 16));
    this.#timer = setTimeout(() => void this.#attempt(), (waitMs / 2) * (1 + Math.random()));
  }
}

export const createLine = (options: LineOptions, user: LineUser): Line => new MqttLine(options, user);
