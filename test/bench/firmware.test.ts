/** What the firmware benchmark counts, and the promises that must hold in every build. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOARDS, buildFirmware, COMPILER } from '../../hardware/avr/build.ts';
import { programOf } from '../hardware/board.ts';
import { buildCryptoChip } from '../hardware/crypto-chip.ts';
import { committedHex, cyclesPerReading, cyclesPerTick, flashOf, meteredStation } from './firmware.ts';

const TICK_CYCLES_MAX = 50_000;

const firmware = suite('cost of the firmware');
const station = meteredStation(programOf('station'));

firmware('a tick is checked within 50,000 cycles, line and all', () => {
  const cycles = cyclesPerTick(station);
  assert.ok(cycles <= TICK_CYCLES_MAX, `${cycles} cycles`);
});

firmware('a reading costs less than a tick, and not nothing', () => {
  const cycles = cyclesPerReading(station);
  assert.ok(cycles > 1000 && cycles < TICK_CYCLES_MAX, `${cycles} cycles`);
});

if (COMPILER.missing === undefined) {
  firmware('a tick costs its hash, and less than as much again for all the rest', () => {
    const chip = buildCryptoChip('ours')!;
    chip.hash(new Uint8Array(64));
    const [block] = chip.cycles;
    const cycles = cyclesPerTick(meteredStation(programOf('station')));
    assert.ok(cycles > block! && cycles < 2 * block!, `${cycles} cycles for a hash of ${block}`);
  });

  firmware('the flash of a HEX file is what avr-size says', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flash-'));
    for (const board of BOARDS) {
      const hex = join(folder, 'built.hex');
      assert.is(buildFirmware(board, hex).flash, flashOf(hex), board);
    }
    rmSync(folder, { recursive: true });
  });
} else {
  console.log(`skip: ${COMPILER.missing}`);
}

firmware('every board is committed', () => {
  for (const board of BOARDS) assert.ok(flashOf(committedHex(board)) > 1000, board);
});

firmware.run();
