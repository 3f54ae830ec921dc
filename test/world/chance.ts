/** Chance from a seed, in the forms that tests ask for: the same seed, the same run. */

import { chanceOf as nextOf } from '../../hardware/bench/chance.ts';

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
  const next = nextOf(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    next,
    below,
    holds: (probability) => next() < probability,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
};
