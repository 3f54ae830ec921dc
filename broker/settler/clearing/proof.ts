/** Whole potentials that prove a circulation to be the maximum, found from the scaled ones of the search. */

import { type OwnerQueue, queueOf } from './owner-queue.ts';
import type { Search } from './scaling.ts';

/** How often the whole graph may be looked at before the search goes on instead. */
const LOOKS_MAX = 4;
/** What an open arc may cost below 0, in units, where the search goes on from whole potentials: keeps them small. */
const BREACH_MAX = 2;

/** Lets the search go on from whole potentials: few arcs break them, where many broke those it had. */
const adopt = (search: Search, whole: Int32Array, unsettled: OwnerQueue, scale: number): void => {
  const { residual, flow, cost, potential } = search;
  const { first, head } = residual;
  for (; !unsettled.isEmpty(); unsettled.drop()) {
    const owner = unsettled.first();
    const end = first[owner + 1]!;
    for (let arc = first[owner]!; arc < end; arc++) {
      if (flow.open[arc] === 0) continue;
      if (whole[owner]! + Math.sign(cost[arc]!) - whole[head[arc]!]! < -BREACH_MAX) return;
    }
  }
  whole.forEach((price, owner) => {
    potential[owner] = price * scale;
  });
};

/**
 * Potentials under which every open arc costs `cost + potential[tail] - potential[head] >= 0`, so that no
 * circle of open arcs is worth anything; undefined where they were not found in time, or there are none, and
 * then the search goes on from what was found. `atLast` takes the time it needs: there are some.
 */
export const provenBy = (search: Search, scale: number, atLast: boolean): Int32Array | undefined => {
  const { residual, flow, cost, potential } = search;
  const { owners, first, head } = residual;
  const { open } = flow;
  const proof = Int32Array.from(potential, (scaled) => Math.floor(scaled / scale));
  const unsettled = queueOf(owners);
  for (let owner = 0; owner < owners; owner++) unsettled.add(owner);
  let looks = atLast ? Infinity : LOOKS_MAX * head.length;
  while (!unsettled.isEmpty()) {
    if (looks < 0) {
      adopt(search, proof, unsettled, scale);
      return undefined;
    }
    const owner = unsettled.first();
    unsettled.drop();
    const end = first[owner + 1]!;
    looks -= end - first[owner]!;
    for (let arc = first[owner]!; arc < end; arc++) {
      if (open[arc] === 0) continue;
      const other = head[arc]!;
      const most = proof[owner]! + Math.sign(cost[arc]!);
      if (proof[other]! <= most) continue;
      proof[other] = most;
      unsettled.add(other);
    }
  }
  return proof;
};
