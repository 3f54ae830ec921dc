/**
 * How much of each edge is cleared, while that is being found out: what each arc can still carry, and what each
 * owner has too much of. Who searches sees only signs, so that it is the same search in any numbers:
 * one float64 where all amounts together stay below 2^53 units, two of them where they do not.
 */

import type { Residual } from './residual.ts';

export type Flow = {
  /** 1 where the arc can carry more. */
  readonly open: Uint8Array;
  /** The sign of what each owner has too much of: 1, 0 or -1. */
  readonly excess: Int8Array;
  /** Pushes all that the arc can carry. */
  readonly saturate: (arc: number) => void;
  /** Pushes what the arc can carry of what its tail has too much of. */
  readonly push: (arc: number) => void;
  /** What of the edge is cleared, in units. */
  readonly cleared: (edge: number) => bigint;
};

/** Nothing is cleared yet: arcs along edges carry them whole, arcs back nothing. */
const openAlong = ({ head, along }: Residual): Uint8Array => {
  const open = new Uint8Array(head.length);
  for (const arc of along) open[arc] = 1;
  return open;
};

/** Exact where all units together are below 2^53. */
export const singleFlow = (residual: Residual, units: readonly bigint[]): Flow => {
  const { owners, tail, head, back, along } = residual;
  const room = new Float64Array(head.length);
  along.forEach((arc, edge) => {
    room[arc] = Number(units[edge]!);
  });
  const open = openAlong(residual);
  const excess = new Int8Array(owners);
  const surplus = new Float64Array(owners);

  const move = (arc: number, by: number): void => {
    const from = tail[arc]!;
    const to = head[arc]!;
    const reverse = back[arc]!;
    room[arc]! -= by;
    room[reverse]! += by;
    open[arc] = room[arc] === 0 ? 0 : 1;
    open[reverse] = 1;
    surplus[from]! -= by;
    surplus[to]! += by;
    excess[from] = Math.sign(surplus[from]!);
    excess[to] = Math.sign(surplus[to]!);
  };

  return {
    open,
    excess,
    saturate: (arc) => move(arc, room[arc]!),
    push: (arc) => move(arc, Math.min(room[arc]!, surplus[tail[arc]!]!)),
    cleared: (edge) => BigInt(room[back[along[edge]!]!]!),
  };
};

const WORD = 2 ** 52;
const WORD_BITS = 52n;

/** Exact where all units together are below 2^104: upper and lower words, the lower 0 to 2^52 - 1. */
export const doubleFlow = (residual: Residual, units: readonly bigint[]): Flow => {
  const { owners, tail, head, back, along } = residual;
  const upper = new Float64Array(head.length);
  const lower = new Float64Array(head.length);
  along.forEach((arc, edge) => {
    upper[arc] = Number(units[edge]! >> WORD_BITS);
    lower[arc] = Number(BigInt.asUintN(52, units[edge]!));
  });
  const open = openAlong(residual);
  const excess = new Int8Array(owners);
  const surplusUpper = new Float64Array(owners);
  const surplusLower = new Float64Array(owners);

  const add = (uppers: Float64Array, lowers: Float64Array, at: number, up: number, low: number): void => {
    const sum = lowers[at]! + low;
    const carry = sum >= WORD ? 1 : sum < 0 ? -1 : 0;
    lowers[at] = sum - carry * WORD;
    uppers[at] = uppers[at]! + up + carry;
  };
  const signOf = (owner: number): number =>
    surplusUpper[owner] === 0 ? Math.sign(surplusLower[owner]!) : Math.sign(surplusUpper[owner]!);

  const move = (arc: number, up: number, low: number): void => {
    const from = tail[arc]!;
    const to = head[arc]!;
    const reverse = back[arc]!;
    add(upper, lower, arc, -up, -low);
    add(upper, lower, reverse, up, low);
    open[arc] = upper[arc] === 0 && lower[arc] === 0 ? 0 : 1;
    open[reverse] = 1;
    add(surplusUpper, surplusLower, from, -up, -low);
    add(surplusUpper, surplusLower, to, up, low);
    excess[from] = signOf(from);
    excess[to] = signOf(to);
  };

  return {
    open,
    excess,
    saturate: (arc) => move(arc, upper[arc]!, lower[arc]!),
    push: (arc) => {
      const from = tail[arc]!;
      const up = surplusUpper[from]!;
      const low = surplusLower[from]!;
      if (up < upper[arc]! || (up === upper[arc] && low < lower[arc]!)) move(arc, up, low);
      else move(arc, upper[arc]!, lower[arc]!);
    },
    cleared: (edge) => {
      const arc = back[along[edge]!]!;
      return (BigInt(upper[arc]!) << WORD_BITS) | BigInt(lower[arc]!);
    },
  };
};
