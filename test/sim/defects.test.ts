/** Planted defects that one day shows. */

import { suite } from 'uvu';
import type { Invariant } from './invariants.ts';
import { checkPlanted } from './planted.ts';
import type { FaultKind } from './schedule.ts';

const TRUST: readonly Invariant[] = ['receipts are honoured'];
const BOOKS: readonly Invariant[] = [...TRUST, 'balances are the journal’s'];
const FOUND = {
  'double-payout': {
    invariants: ['each transfer is the bank’s, and comes back once'],
    faults: ['bank-late'],
  },
  'dropped-dispute': { invariants: ['a dispute is resolved by evidence alone'], faults: ['dispute'] },
  'lost-claim': { invariants: TRUST, faults: ['settler-crash'] },
  'forgotten-release': { invariants: BOOKS, faults: ['settler-crash', 'settler-crash'] },
  'accepted-replay': { invariants: ['promises of a lease'], faults: ['repetition'] },
  'torn-commit': {
    invariants: [...BOOKS, 'the store verifies', 'nothing throws'],
    faults: ['settler-crash'],
  },
} as const satisfies {
  readonly [name: string]: {
    readonly invariants: readonly Invariant[];
    readonly faults: readonly FaultKind[];
  };
};

const defects = suite('a planted defect');

for (const name of Object.keys(FOUND) as (keyof typeof FOUND)[]) {
  const { invariants, faults } = FOUND[name];
  defects(`${name} is found, and minimised to ${faults.join(' and ')}`, () =>
    checkPlanted(name, { days: 1, parties: 5, invariants, faults }),
  );
}

defects.run();
