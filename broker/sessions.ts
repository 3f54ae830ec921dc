/** The clients that are connected, and what aedes asks about each of them. */

import type { Aedes, AedesOptions, AedesPublishPacket, Client, ConnectPacket, PublishPacket } from 'aedes';
import { type Code, type Refusal, type Result, refuse } from '../schemas/result.ts';
import { type Authentication, authenticate } from './authentication.ts';
import { Access, isHintTopic } from './authorisation.ts';
import type { Gate } from './gate.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { RefusedError } from './refused.ts';
import { Retained } from './retained.ts';

export type Counts = {
  /** Messages taken from clients, and handed to them. */
  published: number;
  delivered: number;
  /** Hints that a client with a full line did not get. */
  dropped: number;
  refused: { [code in Code]?: number };
};

type Hooks = Required<
  Pick<
    AedesOptions,
    'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  >
>;

export type SessionPorts = {
  readonly authentication: Authentication;
  readonly settler: string;
  readonly limits: Limits;
  readonly gate: Gate;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Clears retained messages. */
  readonly clear: (topics: readonly string[]) => void;
};

export class Sessions {
  readonly counts: Counts = { published: 0, delivered: 0, dropped: 0, refused: {} };
  readonly retained: Retained;
  readonly #ports: SessionPorts;
  readonly #peers = new WeakMap<object, string>(); // by connection
  readonly #connects = new WeakMap<Client, ConnectPacket>();
  readonly #accesses = new WeakMap<Client, Access>();
  readonly #clientsOfUser = new Map<string, Set<Client>>();

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.retained = new Retained(ports.limits.retainedBytesMax);
  }

  /** A connection that is about to be handed to aedes. */
  expect(connection: object, peer: string): void {
    this.#peers.set(connection, peer);
  }

  /** What goes into aedes. */
  readonly hooks: Hooks = {
    preConnect: (client, connect, done) => {
      // Nothing is kept for those who are away, so nobody can fill the memory of the broker with it. CONNACK
      // says "no session present" (MQTT 3.1.1 section 3.2.2.2), and agents have journals of their own.
      connect.clean = true;
      this.#connects.set(client, connect);
      done(null, true);
    },
    authenticate: (client, _username, _password, done) => {
      void this.#admit(client).then((refused) => done(refused, refused === null));
    },
    authorizePublish: (client, packet, done) => done(client === null ? null : this.#publish(client, packet)),
    authorizeSubscribe: (client, subscription, done) => {
      const allowed = this.#accesses.get(client)!.subscribe(subscription.topic, this.#ports.nowMs());
      if (!allowed.ok) this.#refuse(client, allowed);
      done(null, allowed.ok ? subscription : null);
    },
    authorizeForward: (client, packet) => this.#forward(client, packet),
  };

  /** Follows what aedes tells about its clients. */
  follow(aedes: Aedes): void {
    aedes.on('clientReady', (client) => this.#say('connected', client));
    aedes.on('clientDisconnect', (client) => this.#say('disconnected', client));
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#accesses.get(client)?.unsubscribe(filter);
    });
    aedes.on('clientError', (client, error) => this.#failed(client, error));
    aedes.on('connectionError', (client, error) => this.#failed(client, error));
  }

  async #admit(client: Client): Promise<RefusedError | null> {
    const connect = this.#connects.get(client)!;
    const refusal = (await this.#judge(connect)) ?? this.#enter(client, connect);
    return refusal === undefined ? null : new RefusedError(refusal);
  }

  async #judge(connect: ConnectPacket): Promise<Refusal | undefined> {
    const user: Result<string> = await authenticate(connect, this.#ports.authentication);
    return user.ok ? undefined : user;
  }

  /** Without waiting: limits that are counted here would not hold otherwise. */
  #enter(client: Client, connect: ConnectPacket): Refusal | undefined {
    const { limits, settler, nowMs, gate } = this.#ports;
    const user = connect.username!;
    const access = new Access(user, settler, limits, nowMs());
    const unwilling = connect.will && access.write(connect.will);
    if (unwilling !== undefined) return refuse(unwilling.code, `the will: ${unwilling.detail}`);
    const others = this.#clientsOfUser.get(user) ?? new Set<Client>();
    const replaces = [...others].some((other) => other.id === client.id);
    if (others.size >= limits.keyConnectionsMax && !replaces) {
      return refuse('busy', `${user} has ${others.size} connections: close one`);
    }
    if (client.closed) return undefined;
    others.add(client);
    this.#clientsOfUser.set(user, others);
    this.#accesses.set(client, access);
    this.retained.arrive(user);
    gate.admit(this.#peerOf(client));
    client.conn.once('close', () => this.#leave(client, user, others));
    return undefined;
  }

  #leave(client: Client, user: string, others: Set<Client>): void {
    others.delete(client);
    if (others.size === 0) this.#clientsOfUser.delete(user);
    this.retained.leave(user);
  }

  #publish(client: Client, packet: PublishPacket): RefusedError | null {
    const access = this.#accesses.get(client)!;
    // A closed client's last word is its will: checked at CONNECT, and it costs no rate.
    const refusal = client.closed ? access.write(packet) : access.publish(packet, this.#ports.nowMs());
    if (refusal !== undefined) return new RefusedError(refusal);
    this.counts.published++;
    if (packet.retain) this.#retain(access.user, packet);
    return null;
  }

  #retain(user: string, packet: PublishPacket): void {
    const placed = this.retained.place(user, packet.topic, packet.payload.length);
    this.#ports.clear(placed.cleared);
    if (placed.fits) return;
    packet.retain = false; // a hint: those who are connected get it, and it will be said again
    this.#ports.log({ level: 'warn', event: 'not-retained', code: 'storage-full', detail: packet.topic });
  }

  /** A reader that does not read must not hold up everyone who has something to say to all. */
  #forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (client.conn.writableNeedDrain && isHintTopic(packet.topic)) {
      this.counts.dropped++;
      return null;
    }
    this.counts.delivered++;
    return packet;
  }

  #peerOf(client: Client): string {
    return this.#peers.get(client.conn) ?? 'unknown';
  }

  #say(event: string, client: Client): void {
    this.#ports.log({ level: 'info', event, client: client.id, peer: this.#peerOf(client) });
  }

  #refuse(client: Client, refusal: Refusal): void {
    this.counts.refused[refusal.code] = (this.counts.refused[refusal.code] ?? 0) + 1;
    const { code, detail } = refusal;
    const named = client.id ? { client: client.id } : {};
    this.#ports.log({ level: 'warn', event: 'refused', code, detail, ...named, peer: this.#peerOf(client) });
  }

  #failed(client: Client, error: Error & { code?: string }): void {
    if (error instanceof RefusedError) {
      this.#refuse(client, refuse(error.code, error.message));
      return;
    }
    const lost = error.code !== undefined || error.message === 'connection closed';
    if (lost) return; // the network's doing; 'disconnected' tells of it
    const timedOut = /timeout|in time/.test(error.message);
    this.#refuse(client, refuse(timedOut ? 'timeout' : 'packet-malformed', error.message));
  }
}
