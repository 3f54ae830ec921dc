/** MQTT 3.1.1 packets that a client receives: chunks of any size in, packets out. */

export type Receiver = {
  /** `id` 0 is QoS 0, any other QoS 1. The payload is the receiver's to keep. */
  readonly onPublish: (topic: string, payload: Uint8Array, id: number) => void;
  /** Code 0 accepts (section 3.2.2.3). */
  readonly onConnack: (code: number) => void;
  readonly onPuback: (id: number) => void;
  /** One code per filter: 0 or 1 is granted, 0x80 is not. */
  readonly onSuback: (id: number, codes: Uint8Array) => void;
  readonly onUnsuback: (id: number) => void;
};

const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
const SUBACK = 9;
const UNSUBACK = 11;
const PINGRESP = 13;

/** A message of 64 KiB with its topic and head: nothing of ours is larger, and nothing else is read. */
const PACKET_BYTES_MAX = 66_000;
const LENGTH_BYTES_MAX = 4;

const EMPTY = new Uint8Array(0);

/** `true`, or what the broker did wrong. */
type Taken = true | string;

export class Incoming {
  private readonly receiver: Receiver;
  /** The beginning of a packet whose end has not come. */
  private held: Uint8Array = EMPTY;

  constructor(receiver: Receiver) {
    this.receiver = receiver;
  }

  /** What the broker did wrong, or undefined; after a wrong there is no next push. */
  push(chunk: Uint8Array): string | undefined {
    // A plain view: of a Buffer, `slice` would not copy and a payload would keep the whole chunk alive.
    let bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
    if (this.held.length > 0) {
      const joined = new Uint8Array(this.held.length + bytes.length);
      joined.set(this.held);
      joined.set(bytes, this.held.length);
      bytes = joined;
    }
    let start = 0;
    for (;;) {
      let at = start + 1;
      let length = 0;
      let more = true;
      for (let shift = 0; more && at < bytes.length; at++, shift += 7) {
        if (shift === 7 * LENGTH_BYTES_MAX) return 'a packet without a length';
        length |= (bytes[at]! & 127) << shift;
        more = bytes[at]! > 127;
      }
      if (length > PACKET_BYTES_MAX)
        return `a packet of ${length} bytes, at most ${PACKET_BYTES_MAX} are read`;
      if (more || at + length > bytes.length) break;
      const taken = this.packet(bytes, start, at, at + length);
      if (taken !== true) return taken;
      start = at + length;
    }
    this.held = start === bytes.length ? EMPTY : bytes.slice(start);
    return undefined;
  }

  private packet(bytes: Uint8Array, start: number, from: number, end: number): Taken {
    const type = bytes[start]! >> 4;
    if (type === PUBLISH) return this.publish(bytes, bytes[start]! & 15, from, end);
    const length = end - from;
    if (type === PINGRESP && length === 0) return true;
    if (length < 2) return `a packet of type ${type} that is cut short`;
    const id = (bytes[from]! << 8) | bytes[from + 1]!;
    if (type === PUBACK) this.receiver.onPuback(id);
    else if (type === SUBACK) this.receiver.onSuback(id, bytes.subarray(from + 2, end));
    else if (type === UNSUBACK) this.receiver.onUnsuback(id);
    else if (type === CONNACK) this.receiver.onConnack(bytes[from + 1]!);
    else return `a packet of type ${type}, which no client gets`;
    return true;
  }

  private publish(bytes: Uint8Array, flags: number, from: number, end: number): Taken {
    const qos = (flags >> 1) & 3;
    if (qos > 1) return `a message of QoS ${qos}, which was not asked for`;
    const topicEnd = from + 2 + (bytes[from]! << 8) + bytes[from + 1]!;
    const payloadStart = topicEnd + 2 * qos;
    if (end - from < 2 || payloadStart > end) return 'a message that is cut short';
    const id = qos === 0 ? 0 : (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
    if (qos === 1 && id === 0) return 'a message of QoS 1 without an identifier';
    const topic = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + from + 2, topicEnd - from - 2);
    this.receiver.onPublish(topic.toString(), bytes.slice(payloadStart, end), id);
    return true;
  }
}
