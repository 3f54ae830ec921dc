/**
 * One MQTT 3.1.1 connection over a byte stream, from CONNECT to its end. It queues nothing: what cannot be
 * sent now is refused, and whoever needs it delivered sends it again.
 */

import type { Duplex } from 'node:stream';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { Incoming } from './incoming.ts';
import { type Hello, Outgoing } from './outgoing.ts';

export type SessionUser = {
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  /** CONNACK; a code other than 0 refuses, and the end follows. */
  readonly onConnack: (code: number) => void;
  /** The broker does not let us read these. */
  readonly onUnreadable: (filters: readonly string[]) => void;
  /** Once, whoever ended it; `reason` is a sentence's end. */
  readonly onEnd: (reason: string) => void;
};

/** Bytes that wait for a slow line: the window of a few hundred leases. */
const WAITING_BYTES_MAX = 1_048_576;
/** Messages of QoS 1 without their PUBACK; brokers drop clients that have more (RabbitMQ: 65,535). */
const IN_FLIGHT_MAX = 16_384;
/** From the first byte to CONNACK: a slow radio link with a TLS handshake. */
const CONNACK_MS_MAX = 15_000;
const GOODBYE_MS_MAX = 1000;

const ACCEPTED: Result<null> = ok(null);

export class Session {
  private readonly stream: Duplex;
  private readonly user: SessionUser;
  private readonly outgoing = new Outgoing();
  private readonly incoming: Incoming;
  private readonly keepaliveMs: number;
  /** Packet identifiers without their answer: 1 is a message, a list is what was subscribed to. */
  private readonly inFlight = new Map<number, 1 | readonly string[]>();
  private lastId = 0;
  private flushing = false;
  private acknowledging = false;
  private closing = false;
  private ended = false;
  private timer: NodeJS.Timeout;
  private heard = true; // since the timer last looked

  constructor(stream: Duplex, hello: Hello, user: SessionUser) {
    this.stream = stream;
    this.user = user;
    this.keepaliveMs = hello.keepaliveS * 1000;
    this.incoming = new Incoming({
      onPublish: (topic, payload, id) => {
        if (this.ended) return;
        if (id !== 0) this.outgoing.puback(id);
        user.onMessage(topic, payload);
      },
      onConnack: (code) => this.onConnack(code),
      onPuback: (id) => this.inFlight.delete(id),
      onSuback: (id, codes) => this.onSuback(id, codes),
      onUnsuback: (id) => this.inFlight.delete(id),
    });
    this.timer = setTimeout(() => this.end('no answer to CONNECT'), CONNACK_MS_MAX);
    stream.on('data', (chunk: Uint8Array) => this.onData(chunk));
    stream.on('error', (error: Error) => this.end(error.message));
    stream.on('close', () => this.end(this.closing ? 'closed here' : 'the broker closed the connection'));
    this.outgoing.connect(hello);
    this.flush();
  }

  /** Code: busy (the line or the broker is slower than what is sent, or it has ended). */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1, retain: boolean): Result<null> {
    const waiting = this.stream.writableLength + this.outgoing.length;
    if (this.ended || waiting > WAITING_BYTES_MAX || this.inFlight.size >= IN_FLIGHT_MAX)
      return refuse(
        'busy',
        `${waiting} bytes and ${this.inFlight.size} messages wait for the broker: send it again`,
      );
    this.outgoing.publish(topic, payload, qos === 0 ? 0 : this.nextId(1), retain);
    this.flushSoon();
    return ACCEPTED;
  }

  subscribe(filters: readonly string[]): void {
    if (this.ended || filters.length === 0) return;
    this.outgoing.subscribe(this.nextId(filters), filters);
    this.flushSoon();
  }

  unsubscribe(filters: readonly string[]): void {
    if (this.ended || filters.length === 0) return;
    this.outgoing.unsubscribe(this.nextId([]), filters);
    this.flushSoon();
  }

  /** Says goodbye, so that the broker sends no will, and waits for the end. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.closing = true;
    this.outgoing.disconnect();
    this.flush();
    const closed = new Promise<void>((resolve) => this.stream.once('close', resolve));
    const late = setTimeout(() => this.stream.destroy(), GOODBYE_MS_MAX);
    this.stream.end();
    await closed;
    clearTimeout(late);
  }

  /** Without a goodbye. */
  end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.stream.destroy();
    this.user.onEnd(reason);
  }

  private onData(chunk: Uint8Array): void {
    if (this.ended) return;
    this.heard = true;
    const fault = this.incoming.push(chunk);
    if (fault !== undefined) this.end(`the broker sent ${fault}`);
    else if (this.outgoing.length > 0) this.flushAfterTurn();
  }

  private onConnack(code: number): void {
    clearTimeout(this.timer);
    if (code === 0) this.timer = setInterval(() => this.keepAlive(), this.keepaliveMs);
    this.user.onConnack(code);
    if (code !== 0) this.end(`the broker refused with code ${code}`);
  }

  /** Asks in every interval, whatever else was sent: silence through one is a dead line. */
  private keepAlive(): void {
    if (!this.heard) {
      this.end(`nothing heard for ${this.keepaliveMs} ms`);
      return;
    }
    this.heard = false;
    this.outgoing.ping();
    this.flush();
  }

  private onSuback(id: number, codes: Uint8Array): void {
    const filters = this.inFlight.get(id);
    this.inFlight.delete(id);
    if (filters === undefined || filters === 1) return;
    const unreadable = filters.filter((_, i) => (codes[i] ?? 0x80) > 1);
    if (unreadable.length > 0) this.user.onUnreadable(unreadable);
  }

  /** 1 to 65,535, none that waits for an answer (section 2.3.1). */
  private nextId(what: 1 | readonly string[]): number {
    do this.lastId = (this.lastId % 65535) + 1;
    while (this.inFlight.has(this.lastId));
    this.inFlight.set(this.lastId, what);
    return this.lastId;
  }

  /** After what runs now: everything that one turn sends is one write. */
  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /** Acknowledgements can wait for what the messages make the agent say in this turn. */
  private flushAfterTurn(): void {
    if (this.flushing || this.acknowledging) return;
    this.acknowledging = true;
    setImmediate(() => {
      this.acknowledging = false;
      this.flush();
    });
  }

  private flush(): void {
    if (!this.ended && this.outgoing.length > 0) this.stream.write(this.outgoing.take());
  }
}
