import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Allowance } from '../../agent/allowance.ts';

const test = suite('Allowance');

test('gives a burst, then one in a while, and another burst after a long silence', () => {
  const allowance = new Allowance(3, 100);
  const taken = (nowMs: number): number => {
    let count = 0;
    while (allowance.take(nowMs)) count++;
    return count;
  };
  assert.is(taken(0), 3);
  assert.is(taken(99), 0);
  assert.is(taken(100), 1);
  assert.is(taken(350), 2);
  assert.is(taken(1_000_000), 3);
});

test('is not used up by asking in vain', () => {
  const allowance = new Allowance(1, 100);
  assert.ok(allowance.take(50));
  for (let nowMs = 51; nowMs < 150; nowMs++) assert.not.ok(allowance.take(nowMs));
  assert.ok(allowance.take(150));
});

test.run();
