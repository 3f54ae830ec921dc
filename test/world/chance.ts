/** Chance from a seed (mulberry32): the same seed, the same run. */

export type Chance = {
  readonly seed: number;
  /** 0 <= x < 1 */
  readonly next: () => number;
  /** 0 <= n < below */
  readonly below: (below: number) => number;
  readonly holds: (probability: number) => boolean;
  readonly bytes: (length: number) => Uint8Array;
};

export const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    next,
    below,
    holds: (probability) => next() < probability,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
};
