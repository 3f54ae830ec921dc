/** The networks of the clearing benchmark: the same obligations in every process that works on them. */

import type { NetworkShape } from '../settler/clearing/networks.ts';

export const NETWORKS = [100_000, 180_000, 285_000];

export const shapeOf = (obligations: number): NetworkShape => ({
  seed: 20261120 + obligations,
  owners: obligations / 4,
  obligations,
  skew: 3,
  amountMax: 1.6e10,
});
