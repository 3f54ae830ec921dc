/**
 * The maximum circulation by cost scaling (Goldberg, Tarjan 1990), pushing along short paths (Goldberg 2008,
 * the partial augment-relabel algorithm). Clearing a unit of an edge costs -1; a circulation is
 * epsilon-optimal where no open arc has a reduced cost below -epsilon. Each phase makes epsilon smaller, and the
 * search ends as soon as whole potentials prove that nothing is left to gain: mostly long before the last
 * phase, at which they must exist.
 *
 * Costs are times owners + 1, so that epsilon is an integer too. A phase that begins with no open arc below
 * -BREACH_MAX (`proof.ts`) units lowers no potential by more than BREACH_MAX + 1 / STEP units an owner: 27 *
 * owners^2 in the 12 phases of 2^24 owners, exact in a float64.
 */

import type { Flow } from './flow.ts';
import { type OwnerQueue, queueOf } from './owner-queue.ts';
import { createPriceUpdate } from './prices.ts';
import { provenBy } from './proof.ts';
import type { Residual } from './residual.ts';

export type Search = {
  readonly residual: Residual;
  readonly flow: Flow;
  /** Of each arc, scaled. */
  readonly cost: Int32Array;
  readonly potential: Float64Array;
  /** The arc of each owner before which none is admissible: open and of negative reduced cost. */
  readonly current: Int32Array;
  /** Who may have too much. */
  readonly active: OwnerQueue;
  /** The path pushed along next. */
  readonly path: Int32Array;
};

/** Epsilon is divided by this from phase to phase: 4 is faster here than 2, 8 and 16. */
const STEP = 4;
/** Arcs of a path: half the paths of Goldberg's 4, and longer ones gain nothing. */
const PATH_ARCS_MAX = 8;
/** Relabels per owner between two global updates: an update looks at memory in order, relabels do not. */
const RELABELS_PER_UPDATE = 1;

const searchOf = (residual: Residual, flow: Flow, scale: number): Search => {
  const cost = new Int32Array(residual.head.length).fill(scale);
  for (const arc of residual.along) cost[arc] = -scale;
  return {
    residual,
    flow,
    cost,
    potential: new Float64Array(residual.owners),
    current: new Int32Array(residual.owners),
    active: queueOf(residual.owners),
    path: new Int32Array(PATH_ARCS_MAX),
  };
};

/** Saturates whatever has a negative reduced cost: optimal at any epsilon, but no circulation any more. */
const beginPhase = ({ residual, flow, cost, potential, current, active }: Search): void => {
  const { owners, first, head } = residual;
  for (let owner = 0; owner < owners; owner++) {
    const end = first[owner + 1]!;
    for (let arc = first[owner]!; arc < end; arc++) {
      const reduced = cost[arc]! + potential[owner]! - potential[head[arc]!]!;
      if (flow.open[arc] === 1 && reduced < 0) flow.saturate(arc);
    }
    current[owner] = first[owner]!;
  }
  for (let owner = 0; owner < owners; owner++) if (flow.excess[owner]! > 0) active.add(owner);
};

const NONE = -1;

/** Moves `current` on to an admissible arc of the owner, or answers NONE and leaves it where it was. */
const nextAdmissible = ({ residual, flow, cost, potential, current }: Search, owner: number): number => {
  const { first, head } = residual;
  const { open } = flow;
  const price = potential[owner]!;
  const end = first[owner + 1]!;
  for (let arc = current[owner]!; arc < end; arc++) {
    if (open[arc] === 1 && cost[arc]! + price - potential[head[arc]!]! < 0) {
      current[owner] = arc;
      return arc;
    }
  }
  return NONE;
};

/** Lowers the price of an owner without admissible arcs as far as epsilon-optimality lets. */
const relabel = (search: Search, owner: number, epsilon: number): void => {
  const { residual, flow, cost, potential, current } = search;
  const { first, head } = residual;
  const { open } = flow;
  const end = first[owner + 1]!;
  let lowest = Infinity;
  for (let arc = first[owner]!; arc < end; arc++) {
    if (open[arc] === 0) continue;
    const reduced = cost[arc]! - potential[head[arc]!]!;
    if (reduced < lowest) lowest = reduced;
  }
  potential[owner] = -lowest - epsilon;
  current[owner] = first[owner]!;
};

const isOnPath = ({ residual, path }: Search, length: number, owner: number): boolean => {
  for (let i = 0; i < length; i++) if (residual.tail[path[i]!] === owner) return true;
  return false;
};

/** Finds a path from an owner with too much, pushes along it, and answers how many relabels that took. */
const augment = (search: Search, start: number, epsilon: number): number => {
  const { residual, flow, active, path } = search;
  const { tail, head } = residual;
  let relabels = 0;
  let length = 0;
  let tip = start;
  while (length < PATH_ARCS_MAX && flow.excess[tip]! >= 0) {
    const arc = nextAdmissible(search, tip);
    if (arc !== NONE) {
      path[length++] = arc;
      tip = head[arc]!;
      if (isOnPath(search, length, tip)) break;
      continue;
    }
    relabel(search, tip, epsilon);
    relabels++;
    if (tip !== start) tip = tail[path[--length]!]!;
  }
  for (let i = 0; i < length; i++) {
    flow.push(path[i]!);
    const reached = head[path[i]!]!;
    if (flow.excess[reached]! > 0) active.add(reached);
  }
  return relabels;
};

/**
 * Leaves the maximum circulation in `flow` and answers the potentials that prove it: an edge from u to v is
 * wholly cleared where `potential[u] - potential[v] < 1`, and not at all where it is more than 1.
 */
export const maximise = (residual: Residual, flow: Flow, progress: (text: string) => void): Int32Array => {
  const { owners } = residual;
  const scale = owners + 1;
  const search = searchOf(residual, flow, scale);
  const { active } = search;
  const updatePrices = createPriceUpdate(search);
  const phases = Math.ceil(Math.log(scale) / Math.log(STEP));
  let epsilon = scale;
  for (let phase = 1; ; phase++) {
    progress(`circles: phase ${phase} of at most ${phases}`);
    epsilon = Math.max(1, Math.floor(epsilon / STEP));
    beginPhase(search);
    let untilUpdate = 0;
    while (!active.isEmpty()) {
      if (untilUpdate <= 0) {
        updatePrices(epsilon);
        untilUpdate = RELABELS_PER_UPDATE * owners;
      }
      const start = active.first();
      if (flow.excess[start]! > 0) untilUpdate -= augment(search, start, epsilon);
      else active.drop();
    }
    const proof = provenBy(search, scale, epsilon === 1);
    if (proof !== undefined) return proof;
  }
};
