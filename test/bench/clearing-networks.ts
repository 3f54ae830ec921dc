/** The networks of the clearing benchmark: the same obligations in every process that works on them. */

import type { NetworkShape } from '../settler/clearing/networks.ts';

export const NETWORKS = [100_000, 180_000, 285_000];

/** Over these the growth is fitted, each drawn several times: one draw may need a phase more than its neighbours. */
export const GROWTH_NETWORKS = [50_000, 100_000, 200_000, 400_000, 800_000];
/** Odd, so that the median is a draw that happened. */
export const GROWTH_DRAWS = 3;

/** Another `draw` is another network of the same shape. */
export const shapeOf = (obligations: number, draw = 0): NetworkShape => ({
  seed: 20261120 + obligations + draw * 1_000_003,
  owners: obligations / 4,
  obligations,
  skew: 3,
  amountMax: 1.6e10,
});
