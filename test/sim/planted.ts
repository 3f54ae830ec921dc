/** A planted defect is found, minimised to the faults that it takes, and replays to the same failure; without it nothing breaks. */

import * as assert from 'uvu/assert';
import { DEFECTS, type DefectName } from './defects.ts';
import type { Invariant } from './invariants.ts';
import { minimise } from './minimise.ts';
import { DEFAULTS, type SimOptions } from './options.ts';
import type { FaultKind } from './schedule.ts';
import { type Failure, simulate } from './simulate.ts';

export type Planted = {
  readonly days: number;
  readonly parties: number;
  /** Whichever sees it first, and what it takes at most. */
  readonly invariants: readonly Invariant[];
  readonly faults: readonly FaultKind[];
};

/** A defect shows itself in most runs; where it does not, the next seed has another. */
const SEEDS_MAX = 8;

const found = async (
  name: DefectName,
  { days, parties }: Planted,
): Promise<{ readonly options: SimOptions; readonly failure: Failure }> => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const more = { seed: `defect ${seed}`, days, parties, faults: 'heavy' } as const;
    const options = { ...DEFAULTS, ...more, defect: DEFECTS[name] };
    const { failure } = await simulate(options);
    if (failure !== null) return { options, failure };
  }
  throw new Error(`${SEEDS_MAX} runs did not show ${name}`);
};

export const checkPlanted = async (name: DefectName, planted: Planted): Promise<void> => {
  const { options, failure } = await found(name, planted);
  assert.ok(planted.invariants.includes(failure.invariant), `${failure.invariant}: ${failure.detail}`);
  const minimal = await minimise(options, failure);
  assert.equal(
    minimal.faults.map(({ kind }) => kind),
    planted.faults,
  );
  assert.equal((await simulate(minimal.options)).failure, minimal.failure, 'it replays');
  const honest = await simulate({ ...minimal.options, defect: null });
  assert.is(honest.failure, null, 'without the defect nothing breaks');
};
