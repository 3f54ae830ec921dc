import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoState, removeState, startDemo } from './demo-process.ts';

const READINGS = 300;
const VICTIMS: readonly (readonly [string, RegExp])[] = [
  ['broker', / broker --config /],
  ['station board', / emulate --board station /],
  ['valve board', / emulate --board valve /],
  ['station agent', / agent .*\/station\/agent\.yaml/],
  ['farm agent', / agent .*\/farm\/agent\.yaml/],
];
const MOMENTS = [1, 40, 120, 260];

const test = suite('kill -9 during a run');

for (const [name, commandLine] of VICTIMS) {
  test(`of the ${name}, at four moments, ends with zero differences`, async () => {
    const state = demoState();
    try {
      const demo = startDemo(state, READINGS);
      for (const moment of MOMENTS) {
        await demo.delivered(moment);
        demo.kill(commandLine);
      }
      const ended = await demo.ended;
      assert.is(ended.exit, 0, ended.output);
      assert.match(
        ended.output,
        `sold ${READINGS}  delivered ${READINGS}  paid ${READINGS}  disputed 0: 0 differences`,
      );
    } finally {
      removeState(state);
    }
  });
}

test('of all of them at once, twice, and of the demo itself, ends with zero differences', async () => {
  const state = demoState();
  try {
    const first = startDemo(state, READINGS);
    for (const moment of [30, 90]) {
      await first.delivered(moment);
      for (const [, commandLine] of VICTIMS) first.kill(commandLine);
    }
    await first.delivered(150);
    first.process.kill('SIGKILL');
    await first.ended;
    const ended = await startDemo(state, READINGS).ended;
    assert.is(ended.exit, 0, ended.output);
    assert.match(
      ended.output,
      `sold ${READINGS}  delivered ${READINGS}  paid ${READINGS}  disputed 0: 0 differences`,
    );
  } finally {
    removeState(state);
  }
});

test.run();
