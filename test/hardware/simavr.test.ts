/** simavr with an Arduino's boot loader: flashed by avrdude as a real board is, then asked what every board is. */

import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { flashByAvrdude } from '../../hardware/bench/rig/flash.ts';
import { isAbsence, type Rig } from '../../hardware/bench/rig/rig.ts';
import { readRigFile, type SimavrBoard } from '../../hardware/bench/rig/rig-file.ts';
import { runBoards } from '../../hardware/bench/rig/run.ts';
import { startSimavr } from '../../hardware/bench/rig/simavr.ts';
import { SUITES } from '../../hardware/bench/suites/suites.ts';

const RIG = fileURLToPath(new URL('../../hardware/bench/rig.yaml', import.meta.url));

/** A board of the rig file, beside which relative paths begin. */
const boardOf = (lines: string): SimavrBoard => {
  const boards = readRigFile(RIG, `boards:\n  - name: uno\n    kind: simavr\n${lines}`);
  if (!boards.ok) throw new Error(boards.detail);
  return boards.value[0] as SimavrBoard;
};

const BOARD = boardOf(
  '    firmware: ../avr/station.hex\n    analogMv: 1200\n    wired: [{ sensor: wind, min: 16, max: 16.4 }]\n',
);

const started = await startSimavr(BOARD);
const flashed = started.ok ? await started.value.flash!() : started;

const simavr = suite('a board in simavr');

if (!flashed.ok && isAbsence(flashed.code)) {
  console.log(`skip: ${flashed.detail}`);
} else {
  const rig = (): Rig => {
    if (!started.ok) throw new Error(started.detail);
    return started.value;
  };

  simavr.after(() => rig().close());

  simavr('takes its firmware from avrdude, through its boot loader', () => {
    assert.ok(flashed.ok, flashed.ok ? '' : flashed.detail);
  });

  simavr('passes what every board is asked, also with its power cut', async () => {
    const lines: string[] = [];
    const [result] = await runBoards([BOARD], {
      ...{ seed: 1, jobs: 1, flash: false, signal: new AbortController().signal },
      suites: SUITES.filter(({ name }) => ['identify', 'restart'].includes(name)),
      start: async () => ({ ok: true, value: { ...rig(), close: async () => {} } }),
      onSuite: (_board, _suite, checks) => {
        for (const { outcome, claim, reason } of checks ?? [])
          lines.push(`${outcome}: ${claim} ${reason}`.trim());
      },
    });
    assert.equal(
      lines.filter((line) => !line.startsWith('passed')),
      [],
    );
    assert.is(lines.length, 7);
    assert.match(result!.identity, /^weather-station \d+\.\d+\.\d+, serial 7462000000000003$/);
  });

  simavr('keeps its EEPROM without power, and is silent while it has none', async () => {
    const device = await openFrames({ path: rig().path, timing: { silence: 300 } });
    assert.ok(device.ok);
    const { serial } = device.value.identity;
    assert.ok((await rig().cyclePower!()).ok);
    await device.value.close();
    const again = await openFrames({ path: rig().path });
    assert.ok(again.ok);
    assert.is(again.value.identity.serial, serial);
    await again.value.close();
  });

  simavr('tells what avrdude says where it finds no board', async () => {
    const refused = await flashByAvrdude(['-p', 'm328p', '-c', 'arduino'], '/dev/none', BOARD.firmware);
    assert.is(refused.ok ? '' : refused.code, 'device-failed');
    assert.match(refused.ok ? '' : refused.detail, /^avrdude failed: .*\/dev\/none/);
  });
}

simavr('refuses firmware and boot loaders that are not there, before anything is started', async () => {
  const missing = await flashByAvrdude([], '/dev/null', '/no.hex');
  assert.match(missing.ok ? '' : missing.detail, /no firmware at \/no\.hex/);
  const bare = await startSimavr(boardOf('    firmware: x\n    bootloader: /no/optiboot.hex\n'));
  assert.is(bare.ok ? '' : bare.code, 'module-missing');
  assert.match(bare.ok ? '' : bare.detail, /apt-get install arduino-core-avr/);
});

simavr.run();
