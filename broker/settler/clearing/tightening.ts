/**
 * Of what a owes b, no more can go round than others owe a, nor more than b owes others. Amounts cut to that leave
 * the search about a hundredth to move: mostly a small debtor's large debt has little that could come back.
 */

export type Tightening = {
  /** Of each edge, what can go round at most; more than 0. */
  readonly units: readonly bigint[];
  /** Makes potentials that prove a circulation the maximum of what is left prove it of the whole. */
  readonly undo: (potentials: Int32Array) => void;
};

/** Times each edge is looked at, there and back: the first cut most, and each cut enables others, rarely for long. */
const SWEEPS = 4;

/** The network must be one in which everybody owes and is owed. */
export const tightened = (
  owners: number,
  debtor: Int32Array,
  creditor: Int32Array,
  whole: readonly bigint[],
): Tightening => {
  const units = whole.slice();
  const owed: bigint[] = new Array(owners).fill(0n);
  const due: bigint[] = new Array(owners).fill(0n);
  units.forEach((unit, edge) => {
    owed[debtor[edge]!]! += unit;
    due[creditor[edge]!]! += unit;
  });
  /** Twice the edge, and 1 where its creditor's debts set the limit, in the order of the cuts. */
  const cuts: number[] = [];

  const cut = (edge: number): void => {
    const [from, to] = [debtor[edge]!, creditor[edge]!];
    const byCreditor = owed[to]! <= due[from]!;
    const most = byCreditor ? owed[to]! : due[from]!;
    const excess = units[edge]! - most;
    if (excess <= 0n) return;
    units[edge] = most;
    owed[from]! -= excess;
    due[to]! -= excess;
    cuts.push(2 * edge + (byCreditor ? 1 : 0));
  };

  for (let sweep = 0; sweep < SWEEPS; sweep += 2) {
    for (let edge = 0; edge < units.length; edge++) cut(edge);
    for (let edge = units.length - 1; edge >= 0; edge--) cut(edge);
  }

  /*
   * An edge worth more than 0 goes round as far as the cut let it. If that was all its creditor owes, then all of
   * these debts go round whole, and none of the other debts to it at all; whatever its potential falls by, these
   * are only worth more, and those less. So with the debtor, and so from cut to cut, the last one first.
   */
  const undo = (potentials: Int32Array): void => {
    for (let i = cuts.length - 1; i >= 0; i--) {
      const edge = cuts[i]! >> 1;
      const [from, to] = [debtor[edge]!, creditor[edge]!];
      const worth = 1 - potentials[from]! + potentials[to]!;
      if (worth <= 0) continue;
      if (cuts[i]! & 1) potentials[to]! -= worth;
      else potentials[from]! += worth;
    }
  };

  return { units, undo };
};
