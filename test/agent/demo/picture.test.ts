import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fullPicture, irrigationLines, plainLine } from '../../../agent/demo/picture.ts';
import type { Scene } from '../../../agent/demo/scene.ts';
import { stylesFor, visibleLength } from '../../../agent/view/style.ts';

const PLAIN = stylesFor(false, {});
const SIDE = {
  delivered: 120,
  paid: 118,
  paidNano: 236_000_000,
  unpaidNano: 4_000_000,
  windowNano: 32_000_000,
  claimedNano: 20_000_000,
};
const VALUES = Array.from({ length: 64 }, (_, hour) => String(16 + (hour % 8)));
const PROCESSES = (['broker', 'station board', 'valve board', 'station agent', 'farm agent'] as const).map(
  (name, i) => ({ name, pid: 1000 + i, restarts: 0, lastLine: 'ready' }),
);

const SCENE: Scene = {
  run: 1,
  readings: 300,
  elapsedMs: 4321,
  currency: 'EUR',
  priceNano: 2_000_000,
  seller: SIDE,
  buyer: SIDE,
  values: VALUES,
  valve: {
    name: 'irrigation',
    on: 'temperature-1',
    wanted: 'open',
    acknowledged: 'open',
    reason: 'as its rule says',
    switches: 3,
    openAt: '21',
    closeAt: '18',
    recent: VALUES.map((value) => Number(value) >= 21),
  },
  waiting: '',
  processes: PROCESSES,
};

const NOTHING_YET: Scene = {
  ...SCENE,
  values: [],
  valve: null,
  waiting: 'the agents are starting',
  processes: [],
};

const shown = (scene: Scene, columns: number, rows: number): string =>
  fullPicture(scene, columns, rows, PLAIN).join('\n');

const test = suite('fullPicture, plainLine and irrigationLines');

test('show what is sold, paid, at risk and claimed, and what the rule makes of the values', () => {
  const picture = shown(SCENE, 80, 24);
  for (const words of [
    '118/300',
    '0.236 EUR',
    '0.004 EUR  of the 0.032 EUR that may be unpaid',
    '0.02 EUR',
    'open  opens at 21 °C, closes at 18 °C',
    'from 16 to 23 °C',
    'Ctrl-C stops',
  ])
    assert.ok(picture.includes(words), words);
  for (const { name } of PROCESSES) assert.ok(picture.includes(name), name);
});

test('draw each value above what the rule made of it', () => {
  const lines = fullPicture(SCENE, 80, 24, PLAIN);
  const spark = lines.findIndex((line) => /▁.*█/.test(line));
  const columns = [...lines[spark]!];
  for (const [at, mark] of [...lines[spark + 1]!].entries())
    if (mark === '━') assert.ok('▆▇█'.includes(columns[at]!), `${mark} under ${columns[at]}`);
});

test('fit a terminal of 80 by 24 as it comes, whatever there is to wait for', () => {
  for (const scene of [
    SCENE,
    NOTHING_YET,
    { ...SCENE, waiting: 'the agents are connecting to the broker' },
  ]) {
    const lines = fullPicture(scene, 80, 24, PLAIN);
    assert.ok(lines.length <= 24, String(lines.length));
    for (const line of lines) assert.ok(visibleLength(line) <= 80, line);
  }
});

test('lose blank lines first, then the processes that run, and never how to stop', () => {
  assert.match(shown(SCENE, 60, 20), 'valve board');
  const small = shown(SCENE, 50, 15);
  assert.match(small, '5 processes run');
  assert.match(small, 'Ctrl-C stops');
  const down = PROCESSES.map((process, i) =>
    i === 3 ? { ...process, pid: null, restarts: 1, lastLine: 'died (SIGKILL); starting it again' } : process,
  );
  assert.match(shown({ ...SCENE, processes: down }, 80, 15), /station agent +starting +.*died \(SIGKILL\)/);
});

test('stay where they are while the run begins', () => {
  const before = fullPicture({ ...NOTHING_YET, processes: PROCESSES }, 80, 24, PLAIN);
  assert.is(before.length, fullPicture(SCENE, 80, 24, PLAIN).length);
});

test('say in one line what a run waits for, before its first reading and after', () => {
  const waiting = 'the farm goes on when its disk does: no space left';
  assert.match(plainLine({ ...SCENE, waiting }), `waiting: ${waiting}`);
  assert.is(
    plainLine({ ...NOTHING_YET, buyer: { ...SIDE, delivered: 0 } }),
    'waiting: the agents are starting',
  );
});

test('end with what came of it for the field', () => {
  const lines = irrigationLines({
    ...SCENE.valve!,
    acknowledged: 'closed',
    reason: 'at the end of the lease',
  });
  assert.match(lines.join(' '), 'switched 3 times and is closed now, at the end of the lease');
});

test.run();
