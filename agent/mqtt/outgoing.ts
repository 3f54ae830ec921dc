/**
 * MQTT 3.1.1 packets that a client sends (OASIS standard, sections 3.1 to 3.14), gathered into one buffer,
 * so that all that one turn has to say is one write.
 */

export type Will = { readonly topic: string; readonly payload: Uint8Array };

export type Hello = {
  readonly client: string;
  readonly user: string | null;
  readonly password: Uint8Array | null;
  readonly keepaliveS: number;
  /** Published by the broker, retained and at QoS 1, when this connection dies. */
  readonly will: Will;
};

const CONNECT = 0x10;
const PUBLISH = 0x30;
const PUBACK = 0x40;
const SUBSCRIBE = 0x82;
const UNSUBSCRIBE = 0xa2;
const PINGREQ = 0xc0;
const DISCONNECT = 0xe0;

const QOS_1 = 0x02;
const RETAIN = 0x01;

const CLEAN_SESSION = 0x02;
const WILL_QOS_1_RETAINED = 0x04 | 0x08 | 0x20;
const WITH_PASSWORD = 0x40;
const WITH_USER = 0x80;

const BUFFER_BYTES_MIN = 2048;
/** Type and the longest remaining length (section 2.2.3). */
const HEAD_BYTES_MAX = 5;

const PROTOCOL = Buffer.from('\0\x04MQTT\x04', 'latin1');

export class Outgoing {
  private bytes = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
  private at = 0;

  get length(): number {
    return this.at;
  }

  /** What was gathered; the caller's to keep. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
    this.at = 0;
    return taken;
  }

  /** Section 3.1, with a clean session: what matters outlives a connection in the journal, not in the broker. */
  connect(hello: Hello): void {
    const { client, user, password, keepaliveS, will } = hello;
    const texts = [client, will.topic, ...(user === null ? [] : [user])];
    const fields = texts.reduce((sum, text) => sum + 2 + Buffer.byteLength(text), 0);
    const secret = password === null ? 0 : 2 + password.length;
    this.head(CONNECT, PROTOCOL.length + 3 + fields + 2 + will.payload.length + secret);
    this.raw(PROTOCOL);
    const withUser = user === null ? 0 : WITH_USER;
    this.bytes[this.at++] =
      CLEAN_SESSION | WILL_QOS_1_RETAINED | withUser | (password === null ? 0 : WITH_PASSWORD);
    this.u16(keepaliveS);
    this.text(client);
    this.text(will.topic);
    this.field(will.payload);
    if (user !== null) this.text(user);
    if (password !== null) this.field(password);
  }

  /** Section 3.3. `id` 0 is QoS 0, any other QoS 1. */
  publish(topic: string, payload: Uint8Array, id: number, retain: boolean): void {
    const topicBytes = Buffer.byteLength(topic);
    const flags = (id === 0 ? 0 : QOS_1) | (retain ? RETAIN : 0);
    this.head(PUBLISH | flags, 2 + topicBytes + (id === 0 ? 0 : 2) + payload.length);
    this.u16(topicBytes);
    this.at += this.bytes.write(topic, this.at);
    if (id !== 0) this.u16(id);
    this.raw(payload);
  }

  /** Section 3.4. */
  puback(id: number): void {
    this.head(PUBACK, 2);
    this.u16(id);
  }

  /** Section 3.8; every filter at QoS 1 at most. */
  subscribe(id: number, filters: readonly string[]): void {
    this.head(
      SUBSCRIBE,
      filters.reduce((sum, filter) => sum + 3 + Buffer.byteLength(filter), 2),
    );
    this.u16(id);
    for (const filter of filters) {
      this.text(filter);
      this.bytes[this.at++] = 1;
    }
  }

  /** Section 3.10. */
  unsubscribe(id: number, filters: readonly string[]): void {
    this.head(
      UNSUBSCRIBE,
      filters.reduce((sum, filter) => sum + 2 + Buffer.byteLength(filter), 2),
    );
    this.u16(id);
    for (const filter of filters) this.text(filter);
  }

  ping(): void {
    this.head(PINGREQ, 0);
  }

  disconnect(): void {
    this.head(DISCONNECT, 0);
  }

  /** Type and flags, remaining length (section 2.2), and room for the rest. */
  private head(first: number, remaining: number): void {
    const needed = this.at + HEAD_BYTES_MAX + remaining;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.at));
      this.bytes = larger;
    }
    this.bytes[this.at++] = first;
    let rest = remaining;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  private u16(value: number): void {
    this.bytes[this.at++] = value >>> 8;
    this.bytes[this.at++] = value & 255;
  }

  private raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  private field(bytes: Uint8Array): void {
    this.u16(bytes.length);
    this.raw(bytes);
  }

  private text(text: string): void {
    this.u16(Buffer.byteLength(text));
    this.at += this.bytes.write(text, this.at);
  }
}
