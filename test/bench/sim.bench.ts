/** How fast the whole economy is simulated, and what robbers get in it. */

import { DEFAULTS, type SimOptions } from '../sim/options.ts';
import { type Outcome, simulate } from '../sim/simulate.ts';
import { failureText } from '../sim/summary.ts';
import type { Bench } from './bench.ts';

/** Eight parties with fifteen devices, some 27 leases of 50 readings a day. */
const DAYS = 10;
const SEED = 'bench';

const run = async (change: Partial<SimOptions>): Promise<Outcome & { readonly cpuS: number }> => {
  const options = { ...DEFAULTS, seed: SEED, days: DAYS, ...change };
  const before = process.cpuUsage();
  const outcome = await simulate(options);
  const { user, system } = process.cpuUsage(before);
  if (outcome.failure !== null) throw new Error(failureText(outcome.failure, options));
  return { ...outcome, cpuS: (user + system) / 1e6 };
};

const daysPerMinute = (cpuS: number): number => (DAYS / cpuS) * 60;

export const bench: Bench = {
  name: 'sim',
  summary: 'simulated days of an economy of 8 parties and 15 devices per CPU minute, and robberies in it',
  run: async (progress) => {
    // Once before, so that the code is compiled in both.
    await run({ days: 1 });
    progress(`${DAYS} days without faults`);
    const quiet = await run({ faults: 'none' });
    progress(`${DAYS} days under heavy faults`);
    const heavy = await run({ faults: 'heavy' });
    const { tally } = heavy;
    const baseline = { name: 'without faults', value: daysPerMinute(quiet.cpuS) };
    return [
      { name: 'sim_days_per_cpu_min', value: daysPerMinute(heavy.cpuS), baseline },
      { name: 'sim_quiet_days_per_cpu_min', value: baseline.value },
      { name: 'sim_readings_per_day', value: Math.round(tally.readings / DAYS) },
      {
        name: 'sim_faults_per_day',
        value: Math.round([...tally.faults.values()].reduce((a, b) => a + b, 0) / DAYS),
      },
      { name: 'sim_checks_per_day', value: Math.round(tally.checks / DAYS) },
      { name: 'robberies_attempted', value: tally.robberies },
      { name: 'robberies_accepted', value: tally.accepted, target: { max: 0 } },
    ];
  },
};
