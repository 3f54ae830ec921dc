/** Minimising: a failing run with fewer days, faults and parties that breaks the same invariant. */

import { ddmin } from './ddmin.ts';
import type { SimOptions } from './options.ts';
import { planOf } from './plan.ts';
import { type Fault, faultsOf } from './schedule.ts';
import { type Failure, simulate } from './simulate.ts';

/** More trials than this are not worth the wait: what is left then fails all the same. */
const TRIALS_MAX = 500;

export type Minimal = {
  readonly options: SimOptions;
  readonly faults: readonly Fault[];
  readonly failure: Failure;
  readonly trials: number;
};

const idsOf = (faults: readonly Fault[]): ReadonlySet<number> => new Set(faults.map(({ id }) => id));

/** `progress` is told before each trial. */
export const minimise = async (
  failing: SimOptions,
  failure: Failure,
  progress: (trials: number, faults: number) => void = () => {},
): Promise<Minimal> => {
  let best = { options: failing, failure };
  let trials = 0;
  /** True, and kept, where it still breaks the same invariant. */
  const tries = async (change: Partial<SimOptions>): Promise<boolean> => {
    if (trials >= TRIALS_MAX) return false;
    const options = { ...best.options, ...change };
    progress(++trials, faultsOf(options).length);
    const outcome = await simulate(options);
    if (outcome.failure?.invariant !== failure.invariant) return false;
    best = { options, failure: outcome.failure };
    return true;
  };
  const fewerDays = async (): Promise<void> => {
    const last = Math.min(best.failure.day + 1, best.options.days);
    for (let days = 1; days < last; days++) if (await tries({ days })) return;
    if (last < best.options.days) await tries({ days: last });
  };
  const fewerFaults = async (): Promise<void> => {
    const least = await ddmin(faultsOf(best.options), (part) => tries({ only: idsOf(part) }));
    best = { ...best, options: { ...best.options, only: idsOf(least) } };
  };

  const fewerParties = async (): Promise<void> => {
    for (const { n } of planOf(best.options).parties) {
      await tries({ without: new Set([...best.options.without, n]) });
    }
  };

  // What makes the trials shortest comes first.
  await fewerDays();
  await fewerParties();
  await fewerFaults();
  await fewerParties();
  await fewerFaults();
  return { ...best, faults: faultsOf(best.options), trials };
};
