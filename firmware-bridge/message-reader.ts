/** Bytes of a line in, messages of a board out; counts what went by. */

import { FrameDecoder } from '../schemas/frame.ts';
import type { Refusal } from '../schemas/result.ts';
import { decodeSerial, SERIAL_MESSAGE_BYTES_MAX, type SerialMessage } from '../schemas/serial.ts';
import type { Counters } from './audience.ts';

export type ReaderEvents = {
  readonly onMessage: (message: SerialMessage) => void;
  readonly onNoise: (bytes: Uint8Array) => void;
  /** An intact frame that is no message. */
  readonly onRefused: (refusal: Refusal) => void;
  /** The board speaks another protocol. */
  readonly onForeign: (refusal: Refusal) => void;
};

/** The function to push chunks into, until `isOver`: then the rest of a chunk is nobody's. */
export const readMessages = (
  health: Counters,
  events: ReaderEvents,
  isOver: () => boolean,
): ((chunk: Uint8Array) => void) => {
  const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  let inNoise = false;
  const onFrame = (encoded: Uint8Array): void => {
    if (isOver()) return;
    health.messages++;
    if (inNoise) health.resyncs++;
    inNoise = false;
    const decoded = decodeSerial(encoded);
    if (decoded.ok) events.onMessage(decoded.value);
    else if (decoded.code === 'protocol-unsupported') events.onForeign(decoded);
    else events.onRefused(decoded);
  };
  return (chunk) =>
    decoder.push(chunk, onFrame, (noise) => {
      if (isOver()) return;
      inNoise = true;
      health.noiseBytes += noise.bytes.length;
      if (noise.code === 'frame-crc') health.checkErrors++;
      events.onNoise(noise.bytes);
    });
};
