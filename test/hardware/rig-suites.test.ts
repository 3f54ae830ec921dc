/** The suites of the bench: good boards pass them all. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
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

good.run();
