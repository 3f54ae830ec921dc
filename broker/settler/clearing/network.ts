/**
 * Obligations as a graph in canonical order: owners sorted by name, one edge for all that one owner owes
 * another, edges sorted by debtor, then creditor. Whatever order obligations come in, the network is the same.
 */

import { LEDGER_NANO_MAX } from '../ledger/amount.ts';
import { sortedBy, upTo } from './counting-sort.ts';

/** Edge e: owner `debtor[e]` owes owner `creditor[e]`; both are indices into `owners`. */
export type Network = {
  readonly owners: readonly string[];
  readonly debtor: Int32Array;
  readonly creditor: Int32Array;
  /** More than 0. */
  readonly nano: readonly bigint[];
};

/** 16 bytes each while they are gathered, some 200 while they are cleared: 6 GB at most. */
export const OBLIGATIONS_MAX = 2 ** 25;

/** Takes obligations one by one, in any order. */
export type Intake = {
  /** Throws a RangeError where an owner owes itself, or `nano` is not 0 to 2^63 - 1. */
  readonly add: (debtor: string, creditor: string, nano: bigint) => void;
  /** How many of more than nothing there are. */
  readonly count: () => number;
  readonly network: () => Network;
};

type Columns = { readonly debtor: Int32Array; readonly creditor: Int32Array; readonly nano: BigInt64Array };

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

const FIRST_CAPACITY = 1024;

const grown = ({ debtor, creditor, nano }: Columns): Columns => {
  const capacity = Math.max(FIRST_CAPACITY, debtor.length * 2);
  const next = {
    debtor: new Int32Array(capacity),
    creditor: new Int32Array(capacity),
    nano: new BigInt64Array(capacity),
  };
  next.debtor.set(debtor);
  next.creditor.set(creditor);
  next.nano.set(nano);
  return next;
};

export const openIntake = (): Intake => {
  const seen = new Map<string, number>();
  let columns: Columns = {
    debtor: new Int32Array(0),
    creditor: new Int32Array(0),
    nano: new BigInt64Array(0),
  };
  let count = 0;

  const indexOf = (owner: string): number => {
    const known = seen.get(owner);
    if (known !== undefined) return known;
    seen.set(owner, seen.size);
    return seen.size - 1;
  };

  const add = (debtor: string, creditor: string, nano: bigint): void => {
    if (debtor === creditor) throw new RangeError(`${debtor} cannot owe itself`);
    if (nano < 0n || nano > LEDGER_NANO_MAX) throw new RangeError(`${nano} is not 0 to 2^63 - 1 nano`);
    if (nano === 0n) return;
    if (count === OBLIGATIONS_MAX) throw new RangeError(`more than ${OBLIGATIONS_MAX} obligations`);
    if (count === columns.debtor.length) columns = grown(columns);
    columns.debtor[count] = indexOf(debtor);
    columns.creditor[count] = indexOf(creditor);
    columns.nano[count] = nano;
    count++;
  };

  const network = (): Network => {
    const owners = [...seen.keys()].sort();
    const rank = new Int32Array(owners.length);
    owners.forEach((owner, i) => {
      rank[seen.get(owner)!] = i;
    });
    const rankOf = (index: number): number => rank[index]!;
    return joinParallel(owners, {
      debtor: columns.debtor.subarray(0, count).map(rankOf),
      creditor: columns.creditor.subarray(0, count).map(rankOf),
      nano: columns.nano.subarray(0, count),
    });
  };

  return { add, count: () => count, network };
};

/** Where the edges of each debtor begin; one more at the end. */
export const firstEdges = ({ owners, debtor }: Network): Int32Array => {
  const first = new Int32Array(owners.length + 1);
  for (const owner of debtor) first[owner + 1]!++;
  for (let i = 0; i < owners.length; i++) first[i + 1]! += first[i]!;
  return first;
};
