/**
 * The global update of cost scaling (Goldberg 1997): lowers every owner's price by as many steps of epsilon as
 * it is away from one who can take more, so that pushes after it head there and do not wander.
 */

import type { Search } from './scaling.ts';

const NONE = -1;
/** Farther owners are treated as equally far; only speed depends on it. */
const RANKS_PER_OWNER = 4;

/** Owners by rank, as linked lists that one can leave from the middle. */
type Buckets = {
  readonly clear: () => void;
  readonly put: (owner: number, rank: number) => void;
  readonly remove: (owner: number, rank: number) => void;
  /** Takes one out, or answers NONE. */
  readonly take: (rank: number) => number;
};

const bucketsOf = (owners: number, ranks: number): Buckets => {
  const heads = new Int32Array(ranks);
  const next = new Int32Array(owners);
  const before = new Int32Array(owners);
  const remove = (owner: number, rank: number): void => {
    const older = before[owner]!;
    const younger = next[owner]!;
    if (older === NONE) heads[rank] = younger;
    else next[older] = younger;
    if (younger !== NONE) before[younger] = older;
  };
  return {
    clear: () => void heads.fill(NONE),
    put: (owner, rank) => {
      const head = heads[rank]!;
      next[owner] = head;
      before[owner] = NONE;
      if (head !== NONE) before[head] = owner;
      heads[rank] = owner;
    },
    remove,
    take: (rank) => {
      const owner = heads[rank]!;
      if (owner !== NONE) remove(owner, rank);
      return owner;
    },
  };
};

/** The update of one search; its memory serves all of them. */
export const createPriceUpdate = (search: Search): ((epsilon: number) => void) => {
  const { residual, flow, cost, potential, current } = search;
  const { owners, first, head, back } = residual;
  const { open, excess } = flow;
  const rankMax = RANKS_PER_OWNER * owners;
  const buckets = bucketsOf(owners, rankMax);
  const ranks = new Int32Array(owners);

  /** Those who can take more are at rank 0; answers how many have too much. */
  const begin = (): number => {
    let active = 0;
    buckets.clear();
    for (let owner = 0; owner < owners; owner++) {
      ranks[owner] = rankMax;
      if (excess[owner]! > 0) active++;
      if (excess[owner]! >= 0) continue;
      ranks[owner] = 0;
      buckets.put(owner, 0);
    }
    return active;
  };

  /** Ranks those from whom an arc leads to `owner`. */
  const rankBefore = (owner: number, rank: number, epsilon: number): void => {
    const end = first[owner + 1]!;
    for (let arc = first[owner]!; arc < end; arc++) {
      const other = head[arc]!;
      const old = ranks[other]!;
      if (rank >= old || open[back[arc]!] === 0) continue;
      const reduced = potential[other]! - potential[owner]! - cost[arc]!;
      const far = Math.max(rank, rank + 1 + Math.floor(reduced / epsilon));
      if (far >= old) continue;
      if (old < rankMax) buckets.remove(other, old);
      ranks[other] = far;
      buckets.put(other, far);
    }
  };

  /** Ranks until all who have too much are ranked; answers the highest rank there is. */
  const rankAll = (epsilon: number): number => {
    let active = begin();
    for (let rank = 0; rank < rankMax && active > 0; rank++) {
      for (let owner = buckets.take(rank); owner !== NONE; owner = buckets.take(rank)) {
        rankBefore(owner, rank, epsilon);
        if (excess[owner]! > 0 && --active === 0) return rank;
      }
    }
    return active === 0 ? 0 : rankMax;
  };

  return (epsilon) => {
    const highest = rankAll(epsilon);
    for (let owner = 0; owner < owners; owner++) {
      const rank = Math.min(ranks[owner]!, highest);
      if (rank === 0) continue;
      potential[owner]! -= epsilon * rank;
      current[owner] = first[owner]!;
    }
  };
};
