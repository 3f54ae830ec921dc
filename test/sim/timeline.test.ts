/** Events in their order, whatever the order they were added in. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chanceOf } from '../world/chance.ts';
import { START_MS } from '../world/options.ts';
import { Timeline } from './timeline.ts';

const timeline = suite('the timeline');

timeline('lets a thousand events happen by time, and those of one time as they were added', async () => {
  const time = new Timeline();
  const chance = chanceOf(7);
  const happened: { atMs: number; added: number }[] = [];
  for (let added = 0; added < 1000; added++) {
    const atMs = START_MS + chance.below(50);
    time.at(atMs, () => void happened.push({ atMs, added }));
  }
  await time.run(START_MS + 100);
  assert.is(happened.length, 1000);
  for (let i = 1; i < happened.length; i++) {
    const [before, after] = [happened[i - 1]!, happened[i]!];
    const isInOrder = before.atMs < after.atMs || (before.atMs === after.atMs && before.added < after.added);
    assert.ok(isInOrder, `event ${i}`);
  }
});

timeline('goes on with what an event adds, waits for what it promises, and stops in time', async () => {
  const time = new Timeline();
  const happened: string[] = [];
  time.after(10, async () => {
    await Promise.resolve();
    happened.push(`a ${time.nowMs - START_MS}`);
    time.after(0, () => void happened.push(`b ${time.nowMs - START_MS}`));
    time.after(91, () => void happened.push('too late'));
  });
  await time.run(START_MS + 100);
  assert.equal(happened, ['a 10', 'b 10']);
  assert.is(time.nowMs, START_MS + 100);
});

timeline.run();
