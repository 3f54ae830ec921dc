/**
 * The agent's connection to its broker: made again for as long as it takes, with a fresh credential each time,
 * with a birth at its beginning and a death at its end (`schemas/spec/status.md`).
 *
 * It keeps no message. `publish` refuses while there is no connection, and what must arrive is sent again by
 * whoever needs it: a library that queues loses what it queued with the process.
 */

import type { Duplex } from 'node:stream';
import { COUNTER_AHEAD_MS_MAX, nextCounter, signCredential } from '../schemas/credential.ts';
import type { Crypto, Signer } from '../schemas/crypto.ts';
import { idOf } from '../schemas/identity.ts';
import { type Code, type Result, refuse } from '../schemas/result.ts';
import { decodeStatus, encodeStatus, INSTANCE_BYTES } from '../schemas/status.ts';
import { statusTopic } from '../schemas/topic.ts';
import { raiseNumber } from './host/rising-number.ts';
import { dial, type Trust } from './mqtt/dial.ts';
import { type Hello, Session } from './mqtt/session.ts';

export type ConnectionOptions = {
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  /** The Ed25519 key of a broker of ours, to which credentials are signed; null for a foreign broker. */
  readonly brokerKey: Uint8Array | null;
  /** On a foreign broker, if it asks for one. A user of null is this agent's id. */
  readonly login: { readonly user: string | null; readonly password: Uint8Array } | null;
  readonly trust: Trust;
  /** Holds the number of the last connection. */
  readonly numberFile: string;
};

export type ConnectionPorts = { readonly crypto: Crypto; readonly signer: Signer };

export type ConnectionUser = {
  /** All that was subscribed to before is subscribed to again; what is retained should be published again. */
  readonly onConnected: () => void;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  /** For people: connected, disconnected, or why it cannot be; not repeated while it stays the same. */
  readonly onNotice: (code: Code | 'connected' | 'disconnected', detail: string) => void;
};

export type Connection = {
  readonly connected: boolean;
  /** QoS 1 unless told otherwise. Code: busy (not connected, or the line is full; nothing was kept). */
  readonly publish: (
    topic: string,
    payload: Uint8Array,
    options?: { readonly qos?: 0 | 1; readonly retain?: boolean },
  ) => Result<null>;
  readonly subscribe: (filter: string) => void;
  readonly unsubscribe: (filter: string) => void;
  readonly close: () => Promise<void>;
};

/** Often enough to find a dead line within a minute, seldom enough for a metered one. */
const KEEPALIVE_S = 20;

/** The wait before the next attempt doubles from the first to the last, and half of it is chance. */
const WAIT_MS_MIN = 100;
const WAIT_MS_MAX = 30_000;
/** A connection that held this long was a good one: the next wait is the shortest again. */
const STABLE_MS = 10_000;

/** Two for each lease; a broker of ours takes 1,024 of a client. */
const FILTERS_MAX = 16_384;
const FILTERS_PER_PACKET = 256;

/** A refused filter is asked for again, after twice the wait each time: a right is given, a cluster has a leader again. */
const UNREADABLE_WAIT_MS_MIN = 1000;
const UNREADABLE_WAIT_MS_MAX = 60_000;

const OFFLINE = refuse('busy', 'there is no connection to the broker: send it again once there is');

/** CONNACK (MQTT 3.1.1 section 3.2.2.3). */
const DENIED = 4;
const refusalOf = (code: number, ours: boolean): readonly [Code, string] => {
  if (code === 1) return ['config-invalid', 'it does not speak MQTT 3.1.1'];
  if (code === 3) return ['busy', 'it is not available now'];
  if (code === DENIED && ours)
    return ['not-authorised', 'it refuses our credential: check its key here and both clocks'];
  return ['not-authorised', `it refuses our name and password (code ${code}): check the login`];
};

class Client implements Connection {
  private readonly options: ConnectionOptions;
  private readonly ports: ConnectionPorts;
  private readonly user: ConnectionUser;
  private readonly self: string;
  private readonly statusTopic: string;
  private readonly instance: Uint8Array;
  private readonly filters = new Set<string>();
  /** Told about on this connection. */
  private readonly unreadable = new Set<string>();
  private unreadableWaitMs = UNREADABLE_WAIT_MS_MIN;
  private session: Session | null = null;
  private sequence = -1;
  private up = false;
  private upSinceMs = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private told = '';
  /** The last credential was refused. */
  private denied = false;
  private refused: readonly [Code, string] | null = null;

  constructor(options: ConnectionOptions, ports: ConnectionPorts, user: ConnectionUser) {
    this.options = options;
    this.ports = ports;
    this.user = user;
    this.self = idOf(ports.signer.key, ports.crypto.sha256);
    this.statusTopic = statusTopic(this.self);
    this.instance = ports.crypto.random(INSTANCE_BYTES);
    this.timer = setTimeout(() => void this.attempt(), 0); // not before the caller has the connection
  }

  get connected(): boolean {
    return this.up;
  }

  publish(
    topic: string,
    payload: Uint8Array,
    options?: { readonly qos?: 0 | 1; readonly retain?: boolean },
  ): Result<null> {
    if (!this.up) return OFFLINE;
    return this.session!.publish(topic, payload, options?.qos ?? 1, options?.retain ?? false);
  }

  subscribe(filter: string): void {
    if (this.filters.has(filter)) return;
    if (this.filters.size >= FILTERS_MAX) throw new RangeError(`more than ${FILTERS_MAX} subscriptions`);
    this.filters.add(filter);
    if (this.up) this.read([filter]);
  }

  unsubscribe(filter: string): void {
    if (this.filters.delete(filter) && this.up) this.session!.unsubscribe([filter]);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.up) this.publish(this.statusTopic, this.status(false), { retain: true });
    this.up = false;
    await this.session?.close();
  }

  private status(alive: boolean): Uint8Array {
    return encodeStatus({ alive, instance: this.instance, sequence: this.sequence });
  }

  private tell(code: Code | 'connected' | 'disconnected', detail: string): void {
    if (this.told === detail) return;
    this.told = detail;
    this.user.onNotice(code, detail);
  }

  private async attempt(): Promise<void> {
    const number = raiseNumber(this.options.numberFile, (last) => this.counterAfter(last));
    if (!number.ok) {
      this.tell(number.code, number.detail);
      return this.again();
    }
    this.sequence = number.value;
    try {
      const stream = await dial(this.options.url, this.options.trust);
      if (this.closed) stream.destroy();
      else this.begin(stream);
    } catch (error) {
      this.lost((error as Error).message);
    }
  }

  /**
   * A counter of a clock that was wrong once: no broker of ours has ever taken one of those, and this one refuses them
   * now. It begins anew at the time; where that is wrong instead, the broker says so until it is right.
   */
  private counterAfter(last: number): number {
    const nowMs = Date.now();
    return this.denied && last > nowMs + COUNTER_AHEAD_MS_MAX ? nowMs : nextCounter(last, nowMs);
  }

  private begin(stream: Duplex): void {
    this.session = new Session(stream, this.hello(), {
      onConnack: (code) => {
        this.denied = code === DENIED && this.options.brokerKey !== null;
        if (code === 0) return this.onConnected();
        this.refused = refusalOf(code, this.options.brokerKey !== null);
      },
      onMessage: (topic, payload) => {
        if (topic === this.statusTopic) this.onOwnStatus(payload);
        else this.user.onMessage(topic, payload);
      },
      onUnreadable: (filters) => this.onUnreadable(filters),
      onEnd: (reason) => this.lost(reason),
    });
  }

  private hello(): Hello {
    const { brokerKey, login } = this.options;
    const identity = { client: this.self, keepaliveS: KEEPALIVE_S };
    const will = { topic: this.statusTopic, payload: this.status(false) };
    if (brokerKey === null) {
      if (login === null) return { ...identity, will, user: null, password: null };
      return { ...identity, will, user: login.user ?? this.self, password: login.password };
    }
    const password = signCredential(brokerKey, this.self, this.sequence, this.ports.signer);
    return { ...identity, will, user: this.self, password };
  }

  private onConnected(): void {
    this.up = true;
    this.upSinceMs = performance.now();
    this.unreadable.clear();
    this.unreadableWaitMs = UNREADABLE_WAIT_MS_MIN;
    const filters = [...new Set([this.statusTopic, ...this.filters])];
    for (let at = 0; at < filters.length; at += FILTERS_PER_PACKET)
      this.read(filters.slice(at, at + FILTERS_PER_PACKET));
    this.bear();
    this.tell('connected', `connected to ${this.options.url}`);
    this.user.onConnected();
  }

  /**
   * What matters is repeated until it is answered, so QoS 1 brings nothing that a lost connection has lost. A NATS
   * cluster keeps a consumer on one of its nodes for each filter of QoS 1, and goes silent when that node dies.
   */
  private read(filters: readonly string[]): void {
    this.session!.subscribe(filters, this.options.brokerKey === null ? 0 : 1);
  }

  private onUnreadable(filters: readonly string[]): void {
    const untold = filters.filter((filter) => !this.unreadable.has(filter));
    for (const filter of untold) this.unreadable.add(filter);
    if (untold.length > 0)
      this.user.onNotice(
        'not-authorised',
        `the broker does not let us read ${untold.join(', ')}; it is asked again`,
      );
    const session = this.session;
    const again = setTimeout(() => {
      if (this.up && this.session === session)
        this.read(filters.filter((filter) => filter === this.statusTopic || this.filters.has(filter)));
    }, this.unreadableWaitMs);
    again.unref();
    this.unreadableWaitMs = Math.min(2 * this.unreadableWaitMs, UNREADABLE_WAIT_MS_MAX);
  }

  private bear(): void {
    this.publish(this.statusTopic, this.status(true), { retain: true });
  }

  /**
   * The will of an earlier connection may come after the birth of this one, and would stay: the birth is
   * published again. Our own will means that the broker has given this connection up.
   */
  private onOwnStatus(payload: Uint8Array): void {
    const status = decodeStatus(payload);
    if (!status.ok || status.value.alive) return;
    if (status.value.sequence === this.sequence) this.session?.end('the broker takes us for dead');
    else this.bear();
  }

  private lost(reason: string): void {
    const held = this.up && performance.now() - this.upSinceMs >= STABLE_MS;
    if (held) this.failures = 0;
    this.up = false;
    this.session = null;
    if (this.closed) return;
    const [code, why] = this.refused ?? ['disconnected', reason];
    this.refused = null;
    this.tell(code, `no connection to ${this.options.url}: ${why}; it is tried again`);
    this.again();
  }

  private again(): void {
    const most = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(this.failures, 16));
    const chance = this.ports.crypto.random(1)[0]! / 255;
    this.failures++;
    this.timer = setTimeout(() => void this.attempt(), most * (0.5 + chance / 2));
  }
}

/** Begins to connect; what is wrong is told by `onNotice`, and tried again. */
export const connect = (
  options: ConnectionOptions,
  ports: ConnectionPorts,
  user: ConnectionUser,
): Connection => new Client(options, ports, user);
