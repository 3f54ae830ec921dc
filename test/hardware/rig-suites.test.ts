/** The suites of the bench: good boards pass them all. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { Workbench } from '../../hardware/bench/suites/workbench.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import { failures, run } from './bench-run.ts';

const PARTS = [
  ['identify', 'hello', 'commands'],
  ['periods', 'readings'],
  ['protocol', 'restart'],
  ['meter'],
  ['faults'],
] as const;

const good = suite('a good board');

// All at once: most of the time is the boards', not ours.
const runs = PARTS.map((part) => Promise.all([run('station', part), run('valve', part)]));

for (const [i, part] of PARTS.entries()) {
  good(`passes ${part.join(', ')}`, async () => {
    const results = (await runs[i]!).flat();
    assert.is(failures(results), '');
    const passed = results.filter(({ outcome }) => outcome === 'passed').length;
    assert.ok(passed >= 5, `${passed} checks were tried`);
  });
}

const truth = suite('the bench');

truth('finds a reading that the board never sent, however well it looks', async () => {
  const binding = new PeerBinding();
  const board = new ScriptedBoard();
  binding.plug('board', board);
  const rig = { path: 'board', binding, steady: true, close: async () => {} };
  const bench = new Workbench({ rig, wired: [], seed: 1 });
  await bench.device();
  board.reading(0, 1);
  await bench.until(
    () => bench.readings.length === 1,
    () => 'no reading came',
  );
  bench.expectTruth();
  bench.readings.push({ channel: 0, seq: 1, mantissa: 1, exponent: 0 });
  assert.throws(() => bench.expectTruth(), /that the board never sent: channel 0, number 1, 1/);
  await bench.close();
});

good.run();
truth.run();
