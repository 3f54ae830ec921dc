/** Rig files: the project's own, and every mistake with its line and column. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRigFile } from '../../hardware/bench/rig/rig-file.ts';

const OURS = fileURLToPath(new URL('../../hardware/bench/rig.yaml', import.meta.url));

const rigFile = suite('rig file');

rigFile('of the project lists boards for any machine', () => {
  const boards = readRigFile(OURS, readFileSync(OURS, 'utf8'));
  assert.ok(boards.ok, boards.ok ? '' : boards.detail);
  assert.equal(
    boards.value.map(({ name, kind }) => `${name} ${kind}`),
    ['station avr8js', 'valve avr8js', 'uno-simavr simavr', 'microbit qemu', 'espruino espruino'],
  );
});

rigFile('the commented board of the project is one, without its marks', () => {
  const text = readFileSync(OURS, 'utf8').replace(/^ {2}# (?=[- ] )/gm, '  ');
  const boards = readRigFile(OURS, text);
  assert.ok(boards.ok, boards.ok ? '' : boards.detail);
  const uno = boards.value.at(-1)!;
  assert.ok(uno.kind === 'port' && uno.hub === '1-1:2' && uno.powerOff === 'sispmctl -f 1');
  assert.equal(uno.wired, [{ sensor: 'temperature', min: 10, max: 35, output: undefined, reads: undefined }]);
});

rigFile('fills in what is usual, and begins paths at the file', () => {
  const boards = readRigFile(
    '/bench/rig.yaml',
    'boards:\n  - { name: a, kind: port, port: dev/tty, firmware: a.hex }\n',
  );
  assert.equal(boards.ok && boards.value, [
    {
      ...{ name: 'a', kind: 'port', wired: [], meterKey: undefined },
      ...{ port: '/bench/dev/tty', firmware: '/bench/a.hex', reset: 'dtr' },
      avrdude: ['-p', 'm328p', '-c', 'arduino', '-b', '115200', '-D'],
      ...{ hub: undefined, powerOff: undefined, powerOn: undefined },
    },
  ]);
});

const board = (more: string): string => `boards:\n  - name: a\n    kind: avr8js\n    board: valve\n${more}`;

for (const [what, text, told] of [
  [
    'no boards',
    'board: 1\n',
    ['r:1:1: unknown key "board": the file has boards', 'r:1:1: boards must be a list of 1 to 64'],
  ],
  [
    'a kind that is none',
    'boards:\n  - name: a\n    kind: uno\n',
    ['r:3:11: boards[1].kind must be one of avr8js, simavr, qemu, espruino, port, not "uno"'],
  ],
  ['a key that is none', board('    bord: x\n'), ['r:5:5: unknown key "bord": a board of kind avr8js has']],
  [
    'a key that is missing',
    'boards:\n  - name: a\n    kind: qemu\n',
    ['r:2:5: boards[1].firmware is missing; write a path'],
  ],
  [
    'a name with a space',
    'boards:\n  - name: my board\n    kind: qemu\n    firmware: x\n',
    ['r:2:11: boards[1].name must be letters'],
  ],
  [
    'a name twice',
    `${board('')}  - name: a\n    kind: qemu\n    firmware: x\n`,
    ['r:2:3: "a" stands twice in boards'],
  ],
  [
    'a list where a word belongs',
    board('    firmware: [a, b]\n'),
    ['r:5:15: boards[1].firmware must be a path, not a list or map'],
  ],
  [
    'a wire that names nothing',
    board('    wired:\n      - min: 1\n'),
    ['r:6:9: boards[1].wired[1] must name a sensor'],
  ],
  [
    'a wire the wrong way round',
    board('    wired:\n      - { sensor: t, min: 9, max: 1 }\n'),
    ['r:6:9: boards[1].wired[1]: min 9 is above max 1'],
  ],
  [
    'a limit that is no number',
    board('    wired:\n      - { sensor: t, min: warm }\n'),
    ['r:6:27: boards[1].wired[1].min must be a number such as -12.5, not "warm"'],
  ],
  [
    'a key of half a length',
    board('    meterKey: 6b6b\n'),
    ['r:5:15: boards[1].meterKey must be 64 hexadecimal digits'],
  ],
  ['what is not YAML', 'boards: [\n', ['r:2:1: not YAML:']],
  ['a board that is a word', 'boards:\n  - uno\n', ['r:2:5: boards[1] must be a map']],
] as const) {
  rigFile(`refuses ${what}, with line and column`, () => {
    const refused = readRigFile('r', text);
    assert.is(refused.ok ? '' : refused.code, 'config-invalid');
    const lines = refused.ok ? [] : refused.detail.split('\n');
    for (const sentence of told)
      assert.ok(
        lines.some((line) => line.startsWith(sentence)),
        `${sentence}\n${lines.join('\n')}`,
      );
  });
}

rigFile('tells several mistakes at once', () => {
  const refused = readRigFile('r', board('    bord: x\n    meterKey: y\n'));
  assert.is(refused.ok ? 0 : refused.detail.split('\n').length, 2);
});

rigFile.run();
