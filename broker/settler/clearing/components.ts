/**
 * Strongly connected components (Tarjan 1972, with a stack of our own: a chain of 100,000 debts would pass
 * JavaScript's). An edge between two components is in no circle.
 */

import { firstEdges, type Network } from './network.ts';

/** Components are numbered so that an edge between two goes from a higher number to a lower one. */
export type Components = { readonly of: Int32Array; readonly count: number };

const UNSEEN = -1;

export const componentsOf = (network: Network): Components => {
  const { owners, creditor } = network;
  const first = firstEdges(network);
  /** The next edge to follow from each owner. */
  const next = first.slice(0, owners.length);
  const seenAt = new Int32Array(owners.length).fill(UNSEEN);
  const lowest = new Int32Array(owners.length);
  const of = new Int32Array(owners.length).fill(UNSEEN);
  /** Owners on the way from the start, and owners seen whose component is still open. */
  const path = new Int32Array(owners.length);
  const open = new Int32Array(owners.length);
  let seen = 0;
  let opened = 0;
  let count = 0;

  const close = (owner: number): void => {
    let member: number;
    do {
      member = open[--opened]!;
      of[member] = count;
    } while (member !== owner);
    count++;
  };

  const walk = (start: number): void => {
    let depth = 0;
    const enter = (owner: number): void => {
      seenAt[owner] = lowest[owner] = seen++;
      open[opened++] = path[depth++] = owner;
    };
    enter(start);
    while (depth > 0) {
      const owner = path[depth - 1]!;
      const edge = next[owner]!;
      if (edge < first[owner + 1]!) {
        next[owner] = edge + 1;
        const other = creditor[edge]!;
        if (seenAt[other] === UNSEEN) enter(other);
        else if (of[other] === UNSEEN) lowest[owner] = Math.min(lowest[owner]!, seenAt[other]!);
        continue;
      }
      if (lowest[owner] === seenAt[owner]) close(owner);
      depth--;
      if (depth > 0) {
        const before = path[depth - 1]!;
        lowest[before] = Math.min(lowest[before]!, lowest[owner]!);
      }
    }
  };

  for (let owner = 0; owner < owners.length; owner++) if (seenAt[owner] === UNSEEN) walk(owner);
  return { of, count };
};
