/** Bytes of a line in, messages out (`schemas/spec/frame.md`). Holds one frame of the longest request. */

import { decodeFrame } from '../../schemas/frame.ts';

/** An installation: [7, id, number, channel, seq, anchor, ticks, base, window, mac] (meter.md). */
const REQUEST_BYTES_MAX = 96;
/** With its CRC, and one byte more per 254 that COBS begins. */
const FRAME_BYTES_MAX = 101;

export const openReceiver = (
  onMessage: (message: Uint8Array) => void,
  onNoise: () => void,
): ((bytes: Uint8Array) => void) => {
  const held = new Uint8Array(FRAME_BYTES_MAX);
  let length = 0; // more than it holds: no request of ours

  const end = (): void => {
    const message = length > held.length ? '' : decodeFrame(held.subarray(0, length), REQUEST_BYTES_MAX);
    if (typeof message === 'string') onNoise();
    else onMessage(message);
  };

  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === 0) {
        if (length > 0) end();
        length = 0;
      } else {
        held[length] = byte; // beyond its end nothing is written
        length++;
      }
    }
  };
};
