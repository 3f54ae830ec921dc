/** Boards of a test on the bench: an emulated one, and whatever is between it and the suites. */

import { chipPeer } from '../../hardware/bench/binding.ts';
import { buildStation, buildValve } from '../../hardware/bench/boards.ts';
import type { Chip } from '../../hardware/bench/chip.ts';
import type { Rig } from '../../hardware/bench/rig/rig.ts';
import type { Board, Wire } from '../../hardware/bench/rig/rig-file.ts';
import { type CheckResult, runBoards } from '../../hardware/bench/rig/run.ts';
import { SUITES } from '../../hardware/bench/suites/suites.ts';
import { ok } from '../../schemas/result.ts';
import { programOf, SERIAL, weather } from './board.ts';
import { type Lie, liarRig } from './liar.ts';

const KEY = new Uint8Array(32).fill(0x6b);
export const NOBODY = {
  sensor: undefined,
  min: undefined,
  max: undefined,
  output: undefined,
  reads: undefined,
};
const SENSORS: readonly Wire[] = [
  { ...NOBODY, sensor: 'temperature', min: 20, max: 20.5 },
  { ...NOBODY, sensor: 'wind', min: 3, max: 5 },
];
const OUTPUTS: readonly Wire[] = [{ ...NOBODY, output: 'valve', reads: 'valve' }];

const build = (name: 'station' | 'valve', onSend: (byte: number) => void): Chip => {
  const wiring = { program: programOf(name), serial: SERIAL, onSend };
  return name === 'valve'
    ? buildValve({ ...wiring, onPin: () => {} })
    : buildStation({ ...wiring, weather: [weather()], hold: 1 });
};

const rigOf = (name: 'station' | 'valve', lie: Lie): Rig => {
  let chip: Chip | undefined;
  const peer = chipPeer((onSend) => {
    chip = build(name, onSend);
    return chip;
  }, 1);
  return liarRig(peer, lie, () => chip?.reset(2));
};

export const run = async (
  name: 'station' | 'valve',
  suites: readonly string[],
  lie: Lie = {},
  wired: readonly Wire[] = name === 'valve' ? OUTPUTS : SENSORS,
  patienceMs?: number,
): Promise<readonly CheckResult[]> => {
  const board: Board = { name, kind: 'avr8js', board: name, firmware: undefined, wired, meterKey: KEY };
  const [result] = await runBoards([board], {
    suites: SUITES.filter((one) => suites.includes(one.name)),
    ...{ seed: 1, jobs: 1, flash: true, signal: new AbortController().signal, onSuite: () => {} },
    start: async () => ok(rigOf(name, lie)),
    ...(patienceMs !== undefined && { patienceMs }),
  });
  return result!.checks;
};

export const failures = (checks: readonly CheckResult[]): string =>
  checks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ suite: name, claim, reason }) => `${name}: ${claim}: ${reason}`)
    .join('\n');
