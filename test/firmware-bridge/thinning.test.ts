import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Thinning } from '../../firmware-bridge/thinning.ts';

const test = suite('Thinning');

/** When readings are taken that come at these times. */
const taken = (periodMs: number, timesMs: readonly number[]): readonly number[] => {
  const thinning = new Thinning();
  thinning.set(0, periodMs);
  return timesMs.filter((timeMs) => thinning.take(0, timeMs));
};

test('takes everything where nothing was asked for, and nothing where 0 was', () => {
  const thinning = new Thinning();
  assert.ok([0, 0, 1].every((timeMs) => thinning.take(3, timeMs)));
  thinning.set(3, 0);
  assert.not([2, 1000].some((timeMs) => thinning.take(3, timeMs)));
  assert.ok(thinning.take(4, 2), 'other channels are others');
});

test('refuses what is no period, and thins as before', () => {
  const thinning = new Thinning();
  thinning.set(3, 0);
  for (const periodMs of [-1, 0.5, Number.NaN, 86_400_001]) {
    const refused = thinning.set(3, periodMs);
    assert.ok(!refused.ok && refused.code === 'value-out-of-range', String(periodMs));
  }
  assert.not.ok(thinning.take(3, 0));
});

test('takes each reading of a device that speaks as often as is asked, a little early or late', () => {
  const timesMs = [0, 9_950, 20_030, 29_990, 40_010, 49_900];
  assert.equal(taken(10_000, timesMs), timesMs);
});

test('takes one of ten of a device that speaks ten times as often', () => {
  const timesMs = Array.from({ length: 95 }, (_, i) => i * 100);
  assert.equal(taken(1000, timesMs).length, 10);
});

test('never takes more than were asked for, but one, and always one that comes after a pause', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(gaps, (list) => {
      let nowMs = 0;
      const timesMs = list.map((gapMs) => {
        nowMs += gapMs;
        return nowMs;
      });
      const times = taken(1000, timesMs);
      for (const [i, timeMs] of times.entries())
        for (const [j, laterMs] of times.entries())
          if (j > i)
            assert.ok(j - i <= (laterMs - timeMs + 100) / 1000 + 1e-9, `${timeMs} to ${laterMs}: ${j - i}`);
      timesMs.forEach((timeMs, i) => {
        if (i > 0 && timeMs - timesMs[i - 1]! >= 2000) assert.ok(times.includes(timeMs));
      });
    }),
  );
});
test.run();
