import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../firmware-bridge/backoff.ts';

const test = suite('Backoff');

const waits = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.nextMs());

test('doubles each wait up to the longest', () => {
  assert.equal(waits(new Backoff(), 9), [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  assert.equal(waits(new Backoff({ first: 3, max: 10 }), 4), [3, 6, 10, 10]);
});

test('begins anew after a good attempt', () => {
  const backoff = new Backoff({ first: 3 });
  waits(backoff, 20);
  backoff.reset();
  assert.equal(waits(backoff, 2), [3, 6]);
});

test.run();
