/**
 * A stream of messages and what a bad line makes of it, the same for the same seed: bits flipped, bytes lost,
 * repeated, put in and overwritten, in every second message.
 */

import type { Chance } from '../world/chance.ts';

const DAMAGES = ['flip', 'flips', 'lose', 'repeat', 'insert', 'overwrite', 'cut'] as const;
const RUN_BYTES_MAX = 8;

/** The same bytes with one thing wrong. */
export const damage = (message: Uint8Array, chance: Chance): Uint8Array => {
  const at = chance.below(message.length);
  const run = 1 + chance.below(Math.min(RUN_BYTES_MAX, message.length - at));
  const flip = (bytes: Uint8Array): Uint8Array => {
    bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8);
    return bytes;
  };
  const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
  switch (DAMAGES[chance.below(DAMAGES.length)]!) {
    case 'flip':
      return flip(message.slice());
    case 'flips':
      return flip(flip(flip(message.slice())));
    case 'lose':
      return join(message.subarray(0, at), message.subarray(at + run));
    case 'repeat':
      return join(message.subarray(0, at + run), message.subarray(at));
    case 'insert':
      return join(message.subarray(0, at), chance.bytes(run), message.subarray(at));
    case 'overwrite':
      return join(message.subarray(0, at), chance.bytes(run), message.subarray(at + run));
    case 'cut':
      return message.subarray(0, at);
  }
};
