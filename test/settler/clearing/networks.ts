/** Networks to clear: random ones from a seed, and what everybody checks about them. */

import type { Obligation } from '../../../broker/settler/clearing/obligation.ts';
import { type Chance, chanceOf } from '../../world/chance.ts';

export type NetworkShape = {
  readonly seed: number;
  readonly owners: number;
  readonly obligations: number;
  /** 1 for degrees all alike; more for a power law, few owners with most debts. */
  readonly skew: number;
  /** Amounts are from 1 up to this, spread evenly over orders of magnitude. */
  readonly amountMax: number;
};

export type Edge = readonly [debtor: number, creditor: number, amount: bigint];

const shuffled = (count: number, chance: Chance): number[] => {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = chance.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
};

/** Half the creditors are as well known as the debtors of the same rank, the others are anybody. */
export const randomEdges = ({ seed, owners, obligations, skew, amountMax }: NetworkShape): Edge[] => {
  const chance = chanceOf(seed);
  const order = shuffled(owners, chance);
  const pick = (): number => Math.floor(owners * chance.next() ** skew);
  const edges: Edge[] = [];
  while (edges.length < obligations) {
    const debtor = pick();
    const creditor = chance.holds(0.5) ? order[pick()]! : pick();
    if (debtor === creditor) continue;
    edges.push([debtor, creditor, BigInt(Math.ceil(Math.exp(chance.next() * Math.log(amountMax))))]);
  }
  return edges;
};

const nameOf = (owner: number): string => `owner ${String(owner).padStart(7, '0')}`;

export const obligationsOf = (edges: readonly Edge[], unitNano = 1n): Obligation[] =>
  edges.map(([debtor, creditor, amount]) => ({
    debtor: nameOf(debtor),
    creditor: nameOf(creditor),
    nano: amount * unitNano,
  }));

/** What each is owed, less what it owes; those with nothing are not there. */
export const positionsOf = (obligations: readonly Obligation[]): Record<string, string> => {
  const positions = new Map<string, bigint>();
  const add = (owner: string, nano: bigint): void =>
    void positions.set(owner, (positions.get(owner) ?? 0n) + nano);
  for (const { debtor, creditor, nano } of obligations) {
    add(debtor, -nano);
    add(creditor, nano);
  }
  const held = [...positions].filter(([, nano]) => nano !== 0n).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(held.map(([owner, nano]) => [owner, String(nano)]));
};

/** What all that one owes another comes to, by `debtor>creditor`. */
export const pairsOf = (obligations: readonly Obligation[]): Map<string, bigint> => {
  const pairs = new Map<string, bigint>();
  for (const { debtor, creditor, nano } of obligations) {
    const pair = `${debtor}>${creditor}`;
    pairs.set(pair, (pairs.get(pair) ?? 0n) + nano);
  }
  return pairs;
};
