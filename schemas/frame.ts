/**
 * Frames for serial lines and journals (`spec/frame.md`): one frame, one message.
 *
 *     COBS( message 1..max bytes | CRC-32 of the message, u32 big-endian ) 00
 *
 * A zero byte occurs only at the end of a frame, so a reader that lost its place finds it at the next
 * one. Empty frames (zero after zero) are silence: a sender may begin with a zero to cut off noise.
 */

import { concatBytes, readU32, writeU32 } from './bytes.ts';
import { cobsDecode, cobsEncode, cobsLengthMax } from './cobs.ts';
import { crc32 } from './crc32.ts';
import type { Code } from './result.ts';

const CRC_BYTES = 4;

export const encodeFrame = (message: Uint8Array): Uint8Array => {
  if (message.length === 0) throw new RangeError('a frame carries a message of at least one byte');
  const checked = new Uint8Array(message.length + CRC_BYTES);
  checked.set(message);
  writeU32(checked, message.length, crc32(message, message.length));
  const stuffed = cobsEncode(checked);
  const frame = new Uint8Array(stuffed.length + 1);
  frame.set(stuffed);
  return frame;
};

/**
 * The message in a frame without its zero, or why there is none.
 * Codes: frame-stuffing, frame-crc, frame-too-long.
 */
export const decodeFrame = (stuffed: Uint8Array, messageBytesMax: number): Uint8Array | Code => {
  const checked = cobsDecode(stuffed);
  if (checked === undefined) return 'frame-stuffing';
  const length = checked.length - CRC_BYTES;
  if (length > messageBytesMax) return 'frame-too-long';
  if (length < 1 || readU32(checked, length) !== crc32(checked, length)) return 'frame-crc';
  return new Uint8Array(checked.subarray(0, length));
};

/** Bytes that were no frame: why, where in the stream they began, and they themselves (without the zero). */
export type Noise = {
  readonly code: Code;
  readonly offset: number;
  readonly bytes: Uint8Array;
};

/**
 * Chunks of any size in, messages out. Holds at most one frame of the largest message; what is longer is
 * handed to `onNoise` piece by piece. Codes: frame-stuffing, frame-crc, frame-too-long.
 */
export class FrameDecoder {
  /** Offset in the stream right after the last good frame: where a journal with a torn tail is cut. */
  goodEnd: number;
  private readonly messageBytesMax: number;
  private readonly held: Uint8Array;
  private heldLength: number;
  private skipping: boolean;
  private offset: number; // of the next byte to be pushed
  private frameStart: number; // of the first byte not yet reported as message, silence or noise

  constructor(messageBytesMax: number) {
    this.goodEnd = 0;
    this.messageBytesMax = messageBytesMax;
    this.held = new Uint8Array(cobsLengthMax(messageBytesMax + CRC_BYTES));
    this.heldLength = 0;
    this.skipping = false;
    this.offset = 0;
    this.frameStart = 0;
  }

  /** The messages are the receiver's to keep; `chunk` is not kept. */
  push(chunk: Uint8Array, onMessage: (message: Uint8Array) => void, onNoise: (noise: Noise) => void): void {
    const chunkOffset = this.offset;
    this.offset += chunk.length;
    let start = 0;
    while (start < chunk.length) {
      const zero = chunk.indexOf(0, start);
      let part = chunk.subarray(start, zero < 0 ? chunk.length : zero);
      if (zero < 0 || this.heldLength > 0 || this.skipping || part.length > this.held.length) {
        this.hold(part, onNoise);
        part = this.held.subarray(0, this.heldLength);
      }
      if (zero < 0) return;
      start = zero + 1;
      const frameStart = this.frameStart;
      this.frameStart = chunkOffset + start;
      this.heldLength = 0;
      this.skipping = false;
      if (part.length > 0) this.frame(part, frameStart, onMessage, onNoise);
    }
  }

  private hold(part: Uint8Array, onNoise: (noise: Noise) => void): void {
    if (!this.skipping && this.heldLength + part.length <= this.held.length) {
      this.held.set(part, this.heldLength);
      this.heldLength += part.length;
      return;
    }
    const bytes = concatBytes([this.held.subarray(0, this.heldLength), part]);
    const offset = this.frameStart;
    this.frameStart += bytes.length;
    this.heldLength = 0;
    this.skipping = true;
    if (bytes.length > 0) onNoise({ code: 'frame-too-long', offset: offset, bytes: bytes });
  }

  // `stuffed` may be a Buffer, whose slice() does not copy: hence new Uint8Array.
  private frame(
    stuffed: Uint8Array,
    offset: number,
    onMessage: (message: Uint8Array) => void,
    onNoise: (noise: Noise) => void,
  ): void {
    const message = decodeFrame(stuffed, this.messageBytesMax);
    if (typeof message === 'string') {
      onNoise({ code: message, offset: offset, bytes: new Uint8Array(stuffed) });
      return;
    }
    this.goodEnd = offset + stuffed.length + 1;
    onMessage(message);
  }
}
