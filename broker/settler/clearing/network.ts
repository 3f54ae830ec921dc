/**
 * Obligations as a graph in canonical order: owners sorted by name, one edge for all that one owner owes
 * another, edges sorted by debtor, then creditor. Whatever order obligations come in, the network is the same.
 */

import { sortedBy, upTo } from './counting-sort.ts';
import type { Obligation } from './obligation.ts';

/** Edge e: owner `debtor[e]` owes owner `creditor[e]`; both are indices into `owners`. */
export type Network = {
  readonly owners: readonly string[];
  readonly debtor: Int32Array;
  readonly creditor: Int32Array;
  /** More than 0. */
  readonly nano: readonly bigint[];
};

/** Some 250 bytes each while they are cleared: 4 GB, what Node gives a heap where there is room. */
export const OBLIGATIONS_MAX = 2 ** 24;

/** 2^63 - 1 whole units; what a ledger holds is far less. */
export const OBLIGATION_NANO_MAX = (2n ** 63n - 1n) * 1_000_000_000n;
/** All together: what two words of `flow.ts` hold. */
export const GROSS_NANO_MAX = 2n ** 104n - 1n;

/** Takes obligations one by one, in any order. */
export type Intake = {
  /** Throws a RangeError where an owner owes itself, or an amount, or what they come to, is out of range. */
  readonly add: (debtor: string, creditor: string, nano: bigint) => void;
  /** How many of more than nothing there are. */
  readonly count: () => number;
  readonly network: () => Network;
};

type Columns = {
  readonly debtor: Int32Array;
  readonly creditor: Int32Array;
  readonly nano: readonly bigint[];
};

const joinParallel = (owners: readonly string[], { debtor, creditor, nano }: Columns): Network => {
  const last = owners.length - 1;
  const order = sortedBy(debtor, last, sortedBy(creditor, last, upTo(debtor.length)));
  const edges = { debtor: new Int32Array(order.length), creditor: new Int32Array(order.length) };
  const sums: bigint[] = [];
  for (const i of order) {
    const edge = sums.length - 1;
    if (edge >= 0 && edges.debtor[edge] === debtor[i] && edges.creditor[edge] === creditor[i]) {
      sums[edge]! += nano[i]!;
    } else {
      edges.debtor[edge + 1] = debtor[i]!;
      edges.creditor[edge + 1] = creditor[i]!;
      sums.push(nano[i]!);
    }
  }
  const count = sums.length;
  return {
    owners,
    debtor: edges.debtor.slice(0, count),
    creditor: edges.creditor.slice(0, count),
    nano: sums,
  };
};

export const openIntake = (): Intake => {
  const seen = new Map<string, number>();
  const debtors: number[] = [];
  const creditors: number[] = [];
  const nanos: bigint[] = [];
  let gross = 0n;

  const indexOf = (owner: string): number => {
    const known = seen.get(owner);
    if (known !== undefined) return known;
    seen.set(owner, seen.size);
    return seen.size - 1;
  };

  const add = (debtor: string, creditor: string, nano: bigint): void => {
    if (debtor === creditor) throw new RangeError(`${debtor} cannot owe itself`);
    if (nano < 0n || nano > OBLIGATION_NANO_MAX) throw new RangeError(`${nano} nano is out of range`);
    if (nano === 0n) return;
    gross += nano;
    if (gross > GROSS_NANO_MAX) throw new RangeError('all obligations together pass 2^104 - 1 nano');
    if (nanos.length === OBLIGATIONS_MAX) throw new RangeError(`more than ${OBLIGATIONS_MAX} obligations`);
    debtors.push(indexOf(debtor));
    creditors.push(indexOf(creditor));
    nanos.push(nano);
  };

  const network = (): Network => {
    const owners = [...seen.keys()].sort();
    const rank = new Int32Array(owners.length);
    owners.forEach((owner, i) => {
      rank[seen.get(owner)!] = i;
    });
    const rankOf = (index: number): number => rank[index]!;
    return joinParallel(owners, {
      debtor: Int32Array.from(debtors, rankOf),
      creditor: Int32Array.from(creditors, rankOf),
      nano: nanos,
    });
  };

  return { add, count: () => nanos.length, network };
};

/** The network as a list again, parallel obligations as one. */
export const obligationsIn = ({ owners, debtor, creditor, nano }: Network): readonly Obligation[] =>
  nano.map((amount, edge) => ({
    debtor: owners[debtor[edge]!]!,
    creditor: owners[creditor[edge]!]!,
    nano: amount,
  }));

/** Where the edges of each debtor begin; one more at the end. */
export const firstEdges = ({ owners, debtor }: Network): Int32Array => {
  const first = new Int32Array(owners.length + 1);
  for (const owner of debtor) first[owner + 1]!++;
  for (let i = 0; i < owners.length; i++) first[i + 1]! += first[i]!;
  return first;
};

/** The edge between the same two owners the other way, of each edge; -1 where there is none. */
export const oppositeEdges = (network: Network): Int32Array => {
  const { debtor, creditor } = network;
  const first = firstEdges(network);
  return creditor.map((owner, edge) => {
    let low = first[owner]!;
    let high = first[owner + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (creditor[middle]! < debtor[edge]!) low = middle + 1;
      else high = middle;
    }
    return low < first[owner + 1]! && creditor[low] === debtor[edge] ? low : -1;
  });
};
