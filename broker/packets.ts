/**
 * The length of MQTT packets, checked before their bytes are kept.
 *
 *     type and flags u8 | remaining length: 1 to 4 bytes of 7 bits, least significant first | body
 *
 * aedes keeps a packet until its last byte has come, up to 256 MB and before it knows who is speaking
 * (MQTT 3.1.1 section 2.2.3). So each chunk passes here first.
 */

import type { Duplex } from 'node:stream';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { TOPIC_LENGTH_MAX } from '../schemas/topic.ts';
import { RefusedError } from './refused.ts';

const CONNECT = 1;
/** Client id, will topic and will, user name and credential: under 500 bytes with a status as the will. */
const CONNECT_BYTES_MAX = 4096;
/** Of a PUBLISH beside its payload: the topic, its length, the packet identifier. */
const PUBLISH_OVERHEAD = TOPIC_LENGTH_MAX + 4;

export class PacketScanner {
  readonly #bytesMax: number;
  #type = 0;
  #lengthByte = 0; // of the remaining length, 1 to 4; 0 between packets
  #length = 0;
  #left = 0; // bytes of the body still to come
  #first = true;

  constructor(payloadBytesMax: number) {
    this.#bytesMax = payloadBytesMax + PUBLISH_OVERHEAD;
  }

  /** Codes: packet-malformed (another packet first, no length), message-too-long. */
  scan(chunk: Uint8Array): Result<void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      const byte = chunk[at++]!;
      if (this.#lengthByte === 0) {
        this.#type = byte >> 4;
        if (this.#first && this.#type !== CONNECT)
          return refuse('packet-malformed', `the first byte is ${byte}: an MQTT CONNECT begins with 16`);
        this.#first = false;
        this.#lengthByte = 1;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 127) * 128 ** (this.#lengthByte - 1);
      if (byte >= 128) {
        if (++this.#lengthByte > 4)
          return refuse('packet-malformed', 'a remaining length has at most 4 bytes');
        continue;
      }
      this.#lengthByte = 0;
      this.#left = this.#length;
      const max = this.#type === CONNECT ? CONNECT_BYTES_MAX : this.#bytesMax;
      if (this.#length > max) {
        return refuse('message-too-long', `a packet of ${this.#length} bytes: at most ${max} are taken`);
      }
    }
    return ok(undefined);
  }
}

/**
 * Puts the scanner before aedes, which pulls its chunks with `read()`. A method of the one stream rather
 * than a stream between: that would cost every outgoing message a second write.
 */
export const scanPackets = (connection: Duplex, payloadBytesMax: number): void => {
  const scanner = new PacketScanner(payloadBytesMax);
  const read = connection.read.bind(connection);
  connection.read = (size?: number): Uint8Array | null => {
    const chunk: Uint8Array | null = read(size);
    if (chunk === null) return null;
    const scanned = scanner.scan(chunk);
    if (scanned.ok) return chunk;
    connection.destroy(new RefusedError(scanned));
    return null;
  };
};
