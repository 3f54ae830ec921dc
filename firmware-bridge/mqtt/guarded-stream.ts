/**
 * A connection to a broker that lets MQTT packets in up to a size, and swallows larger messages while they
 * arrive: without it mqtt.js would hold up to 256 MB of what anybody publishes.
 *
 * A packet is one byte (type and flags), its remaining length in 1 to 4 bytes of 7 bits, the least first, and
 * that many bytes (MQTT 3.1.1 section 2.2).
 */

import { Duplex } from 'node:stream';

const HEADER_BYTES_MAX = 5;
/** A PUBLISH of QoS 0, which nobody has to acknowledge: 0011x00x. */
const isUnacknowledged = (first: number): boolean => (first & 0b1111_0110) === 0b0011_0000;

export class GuardedStream extends Duplex {
  private readonly inner: Duplex;
  private readonly bytesMax: number;
  private readonly onSwallowed: (bytes: number) => void;
  private header: number[] = [];
  /** Of the packet that is arriving. */
  private bytesLeft = 0;
  private swallowing = false;

  constructor(inner: Duplex, bytesMax: number, onSwallowed: (bytes: number) => void) {
    super();
    this.inner = inner;
    this.bytesMax = bytesMax;
    this.onSwallowed = onSwallowed;
    inner.on('data', (chunk: Buffer) => this.receive(chunk));
    inner.on('error', (error) => this.destroy(error));
    inner.on('end', () => this.push(null));
    // What came before the end is read first: it may say why.
    inner.on('close', () => this.push(null));
    this.on('end', () => this.destroy());
  }

  override _read(): void {
    this.inner.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.inner.destroyed) done();
    else this.inner.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.inner.destroy();
    done(error);
  }

  private receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.destroyed) {
      if (this.bytesLeft === 0) {
        this.receiveHeader(chunk[at++]!);
        continue;
      }
      const end = Math.min(chunk.length, at + this.bytesLeft);
      if (!this.swallowing && !this.push(chunk.subarray(at, end))) this.inner.pause();
      this.bytesLeft -= end - at;
      at = end;
    }
  }

  private receiveHeader(byte: number): void {
    this.header.push(byte);
    if (this.header.length === 1) return;
    if (byte >= 0x80) {
      if (this.header.length === HEADER_BYTES_MAX) this.destroy(new Error('the broker sends no MQTT'));
      return;
    }
    const [first, ...lengths] = this.header as [number, ...number[]];
    this.bytesLeft = lengths.reduce((length, part, i) => length + (part & 0x7f) * 128 ** i, 0);
    this.swallowing = this.bytesLeft > this.bytesMax;
    if (!this.swallowing) this.push(Buffer.from(this.header));
    else if (isUnacknowledged(first)) this.onSwallowed(this.bytesLeft);
    else this.destroy(new Error(`the broker sends a packet of ${this.bytesLeft} bytes`));
    this.header = [];
  }
}
