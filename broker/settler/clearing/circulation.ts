/**
 * The most that can disappear from a network of obligations by circles of debt alone: its maximum circulation.
 * Nobody's net position changes, nobody gets a new counterparty, every amount only shrinks.
 */

import { type Components, componentsOf } from './components.ts';
import { sortedBy, upTo } from './counting-sort.ts';
import { doubleFlow, singleFlow } from './flow.ts';
import { firstEdges, type Network } from './network.ts';
import { residualOf } from './residual.ts';
import { maximise } from './scaling.ts';
import { tightened } from './tightening.ts';

export type Circulation = {
  /** What of each edge of the network disappears. */
  readonly cleared: readonly bigint[];
  /** Of each owner: the proof that no circulation clears more (`certificate.ts`). */
  readonly potentials: Int32Array;
};

const SINGLE_UNITS_MAX = 2n ** 53n - 1n;

const greatestCommonDivisor = (amounts: readonly bigint[]): bigint => {
  let common = 0n;
  for (const amount of amounts) {
    let rest = amount;
    while (rest !== 0n) [common, rest] = [rest, common % rest];
    if (common === 1n) break;
  }
  return common;
};

/** The edges that can be in a circle, and the owners they join, numbered from 0. */
const circlesOf = (network: Network, { of, count }: Components) => {
  const sizes = new Int32Array(count);
  for (const component of of) sizes[component]!++;
  const owners = upTo(of.length).filter((owner) => sizes[of[owner]!]! > 1);
  const edges = upTo(network.nano.length).filter(
    (edge) => of[network.debtor[edge]!] === of[network.creditor[edge]!],
  );
  const number = new Int32Array(of.length);
  owners.forEach((owner, i) => {
    number[owner] = i;
  });
  const numberOf = (sides: Int32Array): Int32Array => edges.map((edge) => number[sides[edge]!]!);
  return { owners, edges, debtor: numberOf(network.debtor), creditor: numberOf(network.creditor) };
};

/**
 * Raises the potentials of each component above all it owes to, so that they prove of edges between components
 * too that nothing of them can be cleared: `potential[debtor] - potential[creditor] >= 1`.
 */
const stack = (network: Network, { of, count }: Components, potentials: Int32Array): void => {
  const first = firstEdges(network);
  const owners = sortedBy(of, count - 1, upTo(of.length));
  for (let from = 0, to = 0; from < owners.length; from = to) {
    const component = of[owners[from]!]!;
    while (to < owners.length && of[owners[to]!] === component) to++;
    let raise = 0;
    const members = owners.subarray(from, to);
    for (const owner of members) {
      for (let edge = first[owner]!; edge < first[owner + 1]!; edge++) {
        const creditor = network.creditor[edge]!;
        if (of[creditor] === component) continue;
        raise = Math.max(raise, potentials[creditor]! + 1 - potentials[owner]!);
      }
    }
    if (raise > 0) for (const owner of members) potentials[owner]! += raise;
  }
};

/** The same for every network with the same edges, whatever order they came in and whatever the numbers. */
export const maximumCirculation = (network: Network, progress: (text: string) => void): Circulation => {
  const components = componentsOf(network);
  const circles = circlesOf(network, components);
  const cleared: bigint[] = new Array(network.nano.length).fill(0n);
  const potentials = new Int32Array(network.owners.length);
  const amounts = Array.from(circles.edges, (edge) => network.nano[edge]!);
  const unitNano = greatestCommonDivisor(amounts);
  const whole = unitNano === 1n ? amounts : amounts.map((amount) => amount / unitNano);
  const count = circles.owners.length;
  const { units, undo } = tightened(count, circles.debtor, circles.creditor, whole);
  const total = units.reduce((sum, unit) => sum + unit, 0n);
  const residual = residualOf(count, circles.debtor, circles.creditor);
  const flow = (total <= SINGLE_UNITS_MAX ? singleFlow : doubleFlow)(residual, units);
  const found = maximise(residual, flow, progress);
  undo(found);
  circles.owners.forEach((owner, i) => {
    potentials[owner] = found[i]!;
  });
  circles.edges.forEach((edge, i) => {
    cleared[edge] = flow.cleared(i) * unitNano;
  });
  stack(network, components, potentials);
  return { cleared, potentials };
};
