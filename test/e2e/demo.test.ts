import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoState, type Ended, removeState, startDemo } from './demo-process.ts';

const PRICE_NANO = 2_000_000;

/** Zero differences, every reading paid once, and a bank file that pays exactly that. */
const assertComplete = (ended: Ended, readings: number): void => {
  assert.is(ended.exit, 0, ended.output);
  const { sold, delivered, paid, disputed, paid_nano, bank_file } = ended.summary!;
  assert.equal([sold, delivered, paid, disputed], [readings, readings, readings, 0], ended.output);
  assert.is(paid_nano, readings * PRICE_NANO);
  assert.match(ended.output, '0 differences');
  const cents = (readings * PRICE_NANO) / 10_000_000;
  assert.match(readFileSync(bank_file!, 'utf8'), `<CtrlSum>${(cents / 100).toFixed(2)}</CtrlSum>`);
};

const test = suite('tollbridge demo');

test('sells, pays, reconciles and pays out, and the next run counts from its own start', async () => {
  const state = demoState();
  try {
    const first = await startDemo(state, 60).ended;
    assertComplete(first, 60);
    assert.match(first.output, /the valve opens at 21 °C and closes at 18 °C: it was switched [1-9]/);
    assertComplete(await startDemo(state, 40).ended, 40);
  } finally {
    removeState(state);
  }
});

test('is stopped by Ctrl-C with its lease open, and the next start goes on with it', async () => {
  const state = demoState();
  try {
    const stopped = startDemo(state, 150);
    await stopped.delivered(20);
    stopped.process.kill('SIGINT');
    const first = await stopped.ended;
    assert.is(first.exit, 0, first.output);
    assert.is(first.summary, null, 'a run that was stopped has no result');
    assert.match(first.output, 'leases stay open');
    // What was agreed stays agreed: the number of readings is that of the first start.
    assertComplete(await startDemo(state, 10).ended, 150);
  } finally {
    removeState(state);
  }
});

test('loses and repeats nothing when the seller is killed', async () => {
  const state = demoState();
  try {
    const demo = startDemo(state, 100);
    await demo.delivered(30);
    demo.kill(/ agent .*\/station\/agent\.yaml/);
    const ended = await demo.ended;
    assert.match(ended.output, 'station agent: died (SIGKILL)');
    assertComplete(ended, 100);
  } finally {
    removeState(state);
  }
});

test.run();
