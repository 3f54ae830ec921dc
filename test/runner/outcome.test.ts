import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ending, judge } from './outcome.ts';

const judging = suite('judge');
const SOURCE = 'thing.run();';

const summary = (total: number, passed: number, skipped: number): string =>
  ` thing • •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1ms\n\n`;

const ended = (output: string, more: Partial<Ending> = {}): Ending => ({
  output,
  exitCode: 0,
  signal: null,
  timedOut: false,
  leftBehind: false,
  ...more,
});

const faultsOf = (ending: Ending, source: string): string => judge(ending, source).faults.join('; ');

judging('counts what passed', () => {
  assert.equal(judge(ended(summary(7, 7, 0)), SOURCE), { passed: 7, failed: 0, skips: [], faults: [] });
});

judging('counts failed tests once, without a fault of the file', () => {
  const outcome = judge(ended(summary(7, 5, 0), { exitCode: 1 }), SOURCE);
  assert.equal(outcome, { passed: 5, failed: 2, skips: [], faults: [] });
});

judging('reads a summary through colours', () => {
  const coloured = '\n  Total:     2\x1b[32m\n  Passed:    2\x1b[39m\n  Skipped:   0\n';
  assert.is(judge(ended(coloured), SOURCE).passed, 2);
});

judging('moves a test that skips itself from passed to skipped', () => {
  const outcome = judge(ended(' thing skip: no vectors here\n' + summary(3, 3, 0)), SOURCE);
  assert.equal(outcome, { passed: 2, failed: 0, skips: ['no vectors here'], faults: [] });
});

judging('accepts .skip beside a printed reason', () => {
  const outcome = judge(ended('skip: needs a chip\n' + summary(3, 3, 1)), SOURCE);
  assert.equal(outcome, { passed: 3, failed: 0, skips: ['needs a chip'], faults: [] });
});

judging('refuses a skip without a reason', () => {
  assert.match(faultsOf(ended(summary(1, 1, 4)), SOURCE), 'without a printed reason');
});

judging('refuses a file without tests', () => {
  assert.match(faultsOf(ended(summary(0, 0, 0)), SOURCE), 'ran no test');
  assert.is(faultsOf(ended(`skip: no compiler\n${summary(0, 0, 0)}`), SOURCE), '');
});

judging('refuses a file whose suites never run', () => {
  assert.match(faultsOf(ended(summary(0, 0, 0)), 'thing("works", f)'), 'no suite calls .run()');
});

judging('refuses a file that ends before its summary', () => {
  const outcome = judge(ended(' thing • '), SOURCE);
  assert.is(outcome.failed, 1);
  assert.match(outcome.faults.join(), 'before the summary');
});

judging('refuses two summaries, since uvu loses a suite between them', () => {
  assert.match(faultsOf(ended(summary(2, 2, 0) + summary(3, 3, 0)), SOURCE), 'several summaries');
});

judging('refuses a bad exit after all tests passed', () => {
  const outcome = judge(ended(summary(2, 2, 0), { exitCode: 3 }), SOURCE);
  assert.equal(outcome, { passed: 2, failed: 1, skips: [], faults: ['exit code 3'] });
});

judging('names a timeout, a signal and a process left behind', () => {
  assert.match(
    faultsOf(ended('', { exitCode: null, signal: 'SIGKILL', timedOut: true }), SOURCE),
    'too long',
  );
  assert.match(faultsOf(ended('', { exitCode: null, signal: 'SIGSEGV' }), SOURCE), 'SIGSEGV');
  assert.match(faultsOf(ended(summary(1, 1, 0), { leftBehind: true }), SOURCE), 'left a process behind');
});

judging.run();
