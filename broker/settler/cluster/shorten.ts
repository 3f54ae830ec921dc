/**
 * Messages that are too long, made shorter on their way in. A broker of another make has a limit of its own, or none,
 * and whoever may write to the settler chooses the length: to end the connection for it would let one sender keep every
 * worker away. So such a PUBLISH arrives with the first bytes of its payload, is acknowledged as any other, and says
 * nothing that decodes.
 *
 *     type and flags u8 | remaining length: 1 to 4 bytes of 7 bits, least significant first | body
 */

import type { Duplex } from 'node:stream';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

/** The packet with which a broker begins. */
const CONNACK = 2;
const PUBLISH = 3;
const LENGTH_BYTES_MAX = 4;

const headerOf = (first: number, length: number): Buffer => {
  const bytes = [first];
  let rest = length;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
};

export class PacketShortener {
  readonly #bytesMax: number;
  /** Of a header that is not there whole yet. */
  #header: number[] = [];
  /** Bytes of the body still to come, and how many of them are passed on. */
  #left = 0;
  #kept = 0;
  #begun = false;

  /** `bytesMax`: of a packet after its header. Topic and identifier must fit in. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is passed on of a chunk. Codes: packet-malformed, message-too-long (of what no stranger sends). */
  take(chunk: Buffer): Result<readonly Buffer[]> {
    const parts: Buffer[] = [];
    let asItCame = this.#header.length === 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const here = Math.min(this.#left, chunk.length - at);
        const kept = Math.min(this.#kept, here);
        if (kept > 0) parts.push(chunk.subarray(at, at + kept));
        this.#left -= here;
        this.#kept -= kept;
        at += here;
        asItCame &&= kept === here;
        continue;
      }
      this.#header.push(chunk[at++]!);
      const begun = this.#begin();
      if (!begun.ok) return begun;
      if (begun.value === null) continue;
      parts.push(begun.value);
      asItCame &&= this.#kept === this.#left;
    }
    return ok(asItCame && this.#header.length === 0 ? [chunk] : parts); // nearly always
  }

  /** The header of a packet once it is whole, as it is passed on. */
  #begin(): Result<Buffer | null> {
    const [first = 0, ...lengths] = this.#header;
    const type = first >> 4;
    if (!this.#begun && type !== CONNACK)
      return refuse('packet-malformed', `the first byte is ${first}: an MQTT CONNACK begins with 32`);
    this.#begun = true;
    if (lengths.length === 0) return ok(null);
    if (lengths.at(-1)! >= 128)
      return lengths.length < LENGTH_BYTES_MAX
        ? ok(null)
        : refuse('packet-malformed', 'a remaining length has at most 4 bytes');
    const length = lengths.reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
    if (length > this.#bytesMax && type !== PUBLISH)
      return refuse('message-too-long', `a packet of ${length} bytes: at most ${this.#bytesMax} are taken`);
    this.#header = [];
    this.#left = length;
    this.#kept = Math.min(length, this.#bytesMax);
    return ok(headerOf(first, this.#kept));
  }
}

/** A method of the one stream rather than a stream between, as in `broker/packets.ts`. */
export const shortenPackets = (stream: Duplex, bytesMax: number): void => {
  const shortener = new PacketShortener(bytesMax);
  const push = stream.push.bind(stream);
  stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null) return push(chunk, encoding);
    const taken = shortener.take(chunk);
    if (!taken.ok) {
      stream.destroy(new Error(taken.detail));
      return false;
    }
    return push(taken.value.length === 1 ? taken.value[0] : Buffer.concat(taken.value));
  };
};
