/**
 * One MQTT 3.1.1 connection over a byte stream, from CONNECT to its end. Nothing is handed over that the line does
 * not take now: `publish` refuses, and whoever needs the message delivered sends it again.
 */

import type { Duplex } from 'node:stream';
import type { ErrorWithReasonCode, MqttClient } from 'mqtt';
import { clientOver, sayGoodbye, unreadableOf } from '../../firmware-bridge/mqtt/client.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';

export type Hello = {
  readonly client: string;
  readonly user: string | null;
  readonly password: Uint8Array | null;
  readonly keepaliveS: number;
  /** Published by the broker, retained and at QoS 1, when this connection dies. */
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
};

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

const ACCEPTED: Result<null> = ok(null);
const QOS_0 = { qos: 0, retain: false } as const;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const helloOf = (hello: Hello): Parameters<typeof clientOver>[1] => ({
  clientId: hello.client,
  keepalive: hello.keepaliveS,
  will: { ...hello.will, payload: asBuffer(hello.will.payload), qos: 1, retain: true },
  ...(hello.user === null ? {} : { username: hello.user }),
  ...(hello.password === null ? {} : { password: asBuffer(hello.password) }),
});

export class Session {
  private readonly stream: Duplex;
  private readonly user: SessionUser;
  private readonly client: MqttClient;
  private inFlight = 0;
  private leaving = false; // goodbye is said, its end is awaited
  private ended = false;
  private reason = 'the broker closed the connection';

  constructor(stream: Duplex, hello: Hello, user: SessionUser) {
    this.stream = stream;
    this.user = user;
    this.client = clientOver(stream, helloOf(hello));
    this.client.on('connect', () => {
      if (!this.ended && !this.leaving) user.onConnack(0);
    });
    this.client.on('message', (topic, payload) => {
      // A copy: the payload is a view of all that the socket read at once.
      if (!this.ended) user.onMessage(topic, new Uint8Array(payload));
    });
    this.client.on('error', (error) => this.onError(error));
    this.client.on('close', () => this.finish(this.reason));
  }

  /** Code: busy (the line or the broker is slower than what is sent, or it has ended). */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1, retain: boolean): Result<null> {
    const waiting = this.stream.writableLength;
    if (this.ended || this.leaving || waiting > WAITING_BYTES_MAX || this.inFlight >= IN_FLIGHT_MAX) {
      return refuse(
        'busy',
        `${waiting} bytes and ${this.inFlight} messages wait for the broker: send it again`,
      );
    }
    if (qos === 0) this.client.publish(topic, asBuffer(payload), retain ? { qos, retain } : QOS_0);
    else {
      this.inFlight++;
      this.client.publish(topic, asBuffer(payload), { qos, retain }, () => this.inFlight--);
    }
    return ACCEPTED;
  }

  subscribe(filters: readonly string[], qos: 0 | 1 = 1): void {
    if (this.ended || filters.length === 0) return;
    this.client.subscribe([...filters], { qos }, (_error, _granted, suback) => {
      const unreadable = unreadableOf(filters, suback);
      if (unreadable.length > 0) this.user.onUnreadable(unreadable);
    });
  }

  unsubscribe(filters: readonly string[]): void {
    if (!this.ended && filters.length > 0) this.client.unsubscribe([...filters]);
  }

  /** Says goodbye, so that the broker sends no will, and waits for the end. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.leaving = true;
    this.reason = 'closed here';
    await sayGoodbye(this.client, this.stream);
  }

  /** Without a goodbye. */
  end(reason: string): void {
    if (this.ended) return;
    this.finish(reason);
    this.client.end(true);
    this.stream.destroy();
  }

  private onError(error: Error | ErrorWithReasonCode): void {
    this.reason = error.message;
    const code = 'code' in error && typeof error.code === 'number' ? error.code : 0;
    if (code > 0) this.user.onConnack(code);
    this.stream.destroy();
  }

  private finish(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.user.onEnd(reason);
  }
}
