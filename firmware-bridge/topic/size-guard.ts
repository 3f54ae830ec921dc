/**
 * Lets MQTT packets through up to a size, and swallows larger messages while they arrive: without it mqtt.js
 * would hold up to 256 MB of what anybody publishes.
 *
 * A packet is one byte (type and flags), its remaining length in 1 to 4 bytes of 7 bits, the least first, and
 * that many bytes (MQTT 3.1.1 section 2.2).
 */

import { Transform, type TransformCallback } from 'node:stream';

const HEADER_BYTES_MAX = 5;
/** A PUBLISH of QoS 0, which nobody has to acknowledge: 0011x00x. */
const isUnacknowledged = (first: number): boolean => (first & 0b1111_0110) === 0b0011_0000;

export class SizeGuard extends Transform {
  private readonly bytesMax: number;
  private readonly onSwallowed: (bytes: number) => void;
  private header: number[] = [];
  /** Of the packet that is arriving. */
  private bytesLeft = 0;
  private swallowing = false;

  constructor(bytesMax: number, onSwallowed: (bytes: number) => void) {
    super();
    this.bytesMax = bytesMax;
    this.onSwallowed = onSwallowed;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.bytesLeft > 0) {
        const end = Math.min(chunk.length, at + this.bytesLeft);
        if (!this.swallowing) this.push(chunk.subarray(at, end));
        this.bytesLeft -= end - at;
        at = end;
      } else if (!this.takeHeader(chunk[at++]!)) {
        done(new Error('the broker sends no MQTT, or a packet that is too large'));
        return;
      }
    }
    done();
  }

  /** False where no packet begins like that. */
  private takeHeader(byte: number): boolean {
    this.header.push(byte);
    if (this.header.length === 1) return true;
    if (byte >= 0x80) return this.header.length < HEADER_BYTES_MAX;
    const [first, ...lengths] = this.header as [number, ...number[]];
    this.bytesLeft = lengths.reduce((length, part, i) => length + (part & 0x7f) * 128 ** i, 0);
    this.swallowing = this.bytesLeft > this.bytesMax;
    if (this.swallowing) this.onSwallowed(this.bytesLeft);
    else this.push(Buffer.from(this.header));
    this.header = [];
    return !this.swallowing || isUnacknowledged(first);
  }
}
