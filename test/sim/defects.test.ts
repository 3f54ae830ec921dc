/** Planted defects: each is found, replays to the same failure, and is minimised to the faults it takes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFECTS, type DefectName } from './defects.ts';
import type { Invariant } from './invariants.ts';
import { minimise } from './minimise.ts';
import { DEFAULTS, type SimOptions } from './options.ts';
import type { FaultKind } from './schedule.ts';
import { type Failure, simulate } from './simulate.ts';

/** Whichever sees it first, and what it takes at most. */
type Found = { readonly invariants: readonly Invariant[]; readonly faults: readonly FaultKind[] };

const TRUST: readonly Invariant[] = ['receipts are honoured'];
const FOUND: { readonly [N in DefectName]: Found } = {
  'double-payout': {
    invariants: ['each transfer is the bank’s, and comes back once'],
    faults: ['bank-late'],
  },
  'lost-claim': { invariants: TRUST, faults: ['settler-crash'] },
  'forgotten-release': { invariants: TRUST, faults: ['settler-crash', 'settler-crash'] },
  'double-return': { invariants: ['deposits are the bank’s'], faults: ['bank-return', 'bank-repeat'] },
  'hurried-collection': { invariants: ['held money backs nothing'], faults: ['bank-repeat'] },
  'dropped-dispute': { invariants: ['a dispute is resolved by evidence alone'], faults: ['dispute'] },
  'owed-after-default': { invariants: ['the store verifies'], faults: ['default'] },
  'accepted-replay': { invariants: ['promises of a lease'], faults: ['repetition'] },
  'torn-commit': {
    invariants: [...TRUST, 'balances are the journal’s', 'the store verifies', 'nothing throws'],
    faults: ['settler-crash'],
  },
};
/** A defect shows itself in most days; where it does not, the next seed has another. */
const SEEDS_MAX = 8;

const found = async (
  name: DefectName,
): Promise<{ readonly options: SimOptions; readonly failure: Failure }> => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const more = { seed: `defect ${seed}`, days: 1, parties: 5, faults: 'heavy' } as const;
    const options = { ...DEFAULTS, ...more, defect: DEFECTS[name] };
    const { failure } = await simulate(options);
    if (failure !== null) return { options, failure };
  }
  throw new Error(`${SEEDS_MAX} days did not show ${name}`);
};

const defects = suite('a planted defect');

for (const name of Object.keys(FOUND) as DefectName[]) {
  const { invariants, faults } = FOUND[name];
  defects(`${name} is found, and minimised to ${faults.join(' and ')}`, async () => {
    const { options, failure } = await found(name);
    assert.ok(invariants.includes(failure.invariant), `${failure.invariant}: ${failure.detail}`);
    const minimal = await minimise(options, failure);
    assert.equal(
      minimal.faults.map(({ kind }) => kind),
      faults,
    );
    assert.equal((await simulate(minimal.options)).failure, minimal.failure, 'it replays');
    const honest = await simulate({ ...minimal.options, defect: null });
    assert.is(honest.failure, null, 'without the defect nothing breaks');
  });
}

defects.run();
