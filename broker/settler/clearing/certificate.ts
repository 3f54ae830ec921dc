/**
 * Checks a circulation without knowing how it was found, by the duality of linear programs. For any potentials,
 * no circulation clears more than the sum of `nano * max(0, 1 - potential[debtor] + potential[creditor])` over
 * all edges: round a circle the potentials cancel out, so an edge that is in it counts at least as much as it
 * clears. One that reaches this bound is a maximum.
 */

import type { Circulation } from './circulation.ts';
import type { Network } from './network.ts';

/** What is wrong with it, or null where it is a circulation, and a maximum. */
export const faultOf = (network: Network, { cleared, potentials }: Circulation): string | null => {
  const { owners, debtor, creditor, nano } = network;
  const kept: bigint[] = new Array(owners.length).fill(0n);
  let total = 0n;
  let bound = 0n;
  for (let edge = 0; edge < nano.length; edge++) {
    const [from, to] = [debtor[edge]!, creditor[edge]!];
    const gone = cleared[edge]!;
    const what = `${gone} of ${nano[edge]} that ${owners[from]} owes ${owners[to]}`;
    if (gone < 0n || gone > nano[edge]!) return `cannot clear ${what}`;
    kept[from]! += gone;
    kept[to]! -= gone;
    total += gone;
    const worth = 1 - potentials[from]! + potentials[to]!;
    if (worth > 0) bound += nano[edge]! * BigInt(worth);
    if (worth > 0 && gone < nano[edge]!) return `could clear more than ${what}`;
    if (worth < 0 && gone > 0n) return `could clear elsewhere what is cleared by ${what}`;
  }
  const changed = kept.findIndex((nanoChanged) => nanoChanged !== 0n);
  if (changed >= 0) return `changes the net position of ${owners[changed]} by ${kept[changed]}`;
  return total === bound ? null : `clears ${total}, not proven to be the most: the bound is ${bound}`;
};
