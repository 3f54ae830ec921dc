/**
 * A stream of messages and what a bad line makes of it, the same for the same seed: bits flipped, bytes lost,
 * repeated, put in and overwritten, in every second message.
 */

export type Random = () => number;

/** xorshift32, from 0 to 1. */
export const randomOf = (seed: number): Random => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
};

const DAMAGES = ['flip', 'flips', 'lose', 'repeat', 'insert', 'overwrite', 'cut'] as const;
const RUN_BYTES_MAX = 8;

const below = (random: Random, count: number): number => Math.floor(random() * count);

/** The same bytes with one thing wrong. */
export const damage = (message: Uint8Array, random: Random): Uint8Array => {
  const at = below(random, message.length);
  const run = 1 + below(random, Math.min(RUN_BYTES_MAX, message.length - at));
  const flip = (bytes: Uint8Array): Uint8Array => {
    bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
    return bytes;
  };
  const noise = (): Uint8Array => Uint8Array.from({ length: run }, () => below(random, 256));
  const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
  switch (DAMAGES[below(random, DAMAGES.length)]!) {
    case 'flip':
      return flip(message.slice());
    case 'flips':
      return flip(flip(flip(message.slice())));
    case 'lose':
      return join(message.subarray(0, at), message.subarray(at + run));
    case 'repeat':
      return join(message.subarray(0, at + run), message.subarray(at));
    case 'insert':
      return join(message.subarray(0, at), noise(), message.subarray(at));
    case 'overwrite':
      return join(message.subarray(0, at), noise(), message.subarray(at + run));
    case 'cut':
      return message.subarray(0, at);
  }
};
