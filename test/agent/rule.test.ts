import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Rule, type RuleConfig } from '../../agent/rule.ts';
import { decimalOf } from '../../schemas/decimal.ts';

const CONFIG: RuleConfig = {
  name: 'irrigation',
  on: 'temperature',
  device: 'valve',
  output: 'valve',
  openAt: decimalOf(28, 0),
  closeAt: decimalOf(245, -1),
  silenceMs: 10_000,
};

/** An output that answers when it is told to. */
class Output {
  readonly told: boolean[] = [];
  private answers: ((acknowledged: boolean) => void)[] = [];
  readonly actuate = (open: boolean): Promise<boolean> => {
    this.told.push(open);
    return new Promise((resolve) => this.answers.push(resolve));
  };
  async answer(acknowledged = true): Promise<void> {
    this.answers.shift()!(acknowledged);
    await Promise.resolve();
    await Promise.resolve();
  }
}

const setUp = (config: RuleConfig = CONFIG) => {
  const output = new Output();
  const clock = { ms: 0 };
  const rule = new Rule(config, output.actuate, () => clock.ms);
  return { output, clock, rule };
};

const tenths = (value: number) => decimalOf(value, -1);

const test = suite('Rule');

test('opens at its threshold, stays open between the two, closes at the other', async () => {
  const { output, rule } = setUp();
  for (const value of [279, 280, 279, 246]) rule.onValue(tenths(value));
  await output.answer();
  assert.equal(output.told, [true]);
  assert.is(rule.status().acknowledged, 'open');
  rule.onValue(tenths(245));
  await output.answer();
  assert.equal(output.told, [true, false]);
  assert.is(rule.status().switches, 2);
  assert.equal(rule.status().recent, [false, true, true, true, false]);
  assert.equal([rule.status().openAt, rule.status().closeAt], ['28', '24.5']);
});

test('opens below where the threshold to open is the lower one', async () => {
  const { output, rule } = setUp({ ...CONFIG, openAt: decimalOf(20, 0), closeAt: decimalOf(30, 0) });
  for (const value of [250, 200, 250]) rule.onValue(tenths(value));
  await output.answer();
  assert.equal(output.told, [true]);
  rule.onValue(tenths(300));
  assert.equal(output.told, [true, false]);
});

test('shows no acknowledgement that is not for the last command', async () => {
  const { output, rule } = setUp();
  rule.onValue(tenths(280));
  rule.onValue(tenths(240));
  assert.equal(output.told, [true], 'one command at a time');
  await output.answer();
  assert.is(rule.status().acknowledged, null);
  assert.equal(output.told, [true, false]);
  await output.answer();
  assert.is(rule.status().acknowledged, 'closed');
});

test('tells an output again that did not acknowledge', async () => {
  const { output, clock, rule } = setUp();
  rule.onValue(tenths(280));
  await output.answer(false);
  rule.onTimer();
  assert.is(output.told.length, 1, 'not at once');
  clock.ms = 1000;
  rule.onTimer();
  assert.equal(output.told, [true, true]);
});

test('closes when readings stop, and not before', async () => {
  const { output, clock, rule } = setUp();
  rule.onValue(tenths(280));
  await output.answer();
  clock.ms = 10_000;
  rule.onTimer();
  assert.equal(output.told, [true]);
  clock.ms = 10_001;
  rule.onTimer();
  assert.equal(output.told, [true, false]);
  assert.match(rule.status().reason, 'without a reading');
});

test('closes at the end of the lease', async () => {
  const { output, rule } = setUp();
  rule.onValue(tenths(280));
  await output.answer();
  rule.onEnd();
  assert.equal(output.told, [true, false]);
});

test('closes when the agent stops, and waits for the output', async () => {
  const { output, rule } = setUp();
  rule.onValue(tenths(280));
  await output.answer();
  let stopped = false;
  const stopping = rule.stop().then(() => {
    stopped = true;
  });
  await Promise.resolve();
  assert.is(stopped, false);
  await output.answer();
  await stopping;
  assert.equal(output.told, [true, false]);
});

test('tells a device that came back the state it should have', () => {
  const { output, rule } = setUp();
  rule.onDevice();
  assert.equal(output.told, [false]);
});

test('ignores a value that is no number', () => {
  const { output, rule } = setUp();
  rule.onValue('rain');
  rule.onValue(true);
  assert.equal(output.told, []);
});

test.run();
