/**
 * What the firmware takes of its chip: memory, cycles and the life of the EEPROM. The committed HEX files run on
 * the emulated chip (`firmware.ts` says how work is counted); beside them, in the same run, the station with a
 * SHA-256 that nobody made fast. Sizes are `avr-size`'s; without the compiler there is the flash alone.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOARDS, type BoardName, buildFirmware, COMPILER, CORE } from '../../hardware/avr/build.ts';
import { parseHex } from '../../hardware/bench/hex.ts';
import { programOf } from '../hardware/board.ts';
import { buildCryptoChip, NAIVE_SHA256 } from '../hardware/crypto-chip.ts';
import type { Bench, Figure } from './bench.ts';
import {
  committedHex,
  cyclesPerReading,
  cyclesPerTick,
  flashOf,
  meterEepromYears,
  meteredStation,
  payerCosts,
  payerEepromYears,
  payingValve,
} from './firmware.ts';

const FLASH_BYTES_MAX = 16_384;
const RAM_BYTES_MAX = 1024;
const TICK_CYCLES_MAX = 50_000;

type Size = { readonly flash: number; readonly ram: number | undefined };

const inFolder = <T>(use: (hex: string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), 'firmware-bench-'));
  try {
    return use(join(folder, 'board.hex'));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const sizeOf = (board: BoardName, canBuild: boolean): Size => {
  if (!canBuild) return { flash: flashOf(committedHex(board)), ram: undefined };
  return inFolder((hex) => {
    const size = buildFirmware(board, hex);
    const same = readFileSync(hex).equals(readFileSync(committedHex(board)));
    if (!same) throw new Error(`${board}.hex is not what its sources become: run hardware/avr/build.ts`);
    return size;
  });
};

/** The station with the textbook's SHA-256. */
const naiveStation = (): Uint16Array =>
  inFolder((hex) => {
    buildFirmware(
      'station',
      hex,
      CORE.map((path) => (path === 'core/sha256.c' ? NAIVE_SHA256 : path)),
    );
    const program = parseHex(readFileSync(hex, 'utf8'));
    if (!program.ok) throw new Error(program.detail);
    return program.value;
  });

const sha256Cycles = (which: 'ours' | 'naive'): number => {
  const chip = buildCryptoChip(which)!;
  chip.hash(new Uint8Array(64));
  return chip.cycles[0]!;
};

const sizeFigures = (prefix: string, { flash, ram }: Size, stack: number | undefined): Figure[] => [
  { name: `${prefix}flash_bytes`, value: flash, target: { max: FLASH_BYTES_MAX } },
  ...(ram === undefined ? [] : [{ name: `${prefix}ram_bytes`, value: ram, target: { max: RAM_BYTES_MAX } }]),
  ...(stack === undefined ? [] : [{ name: `${prefix}stack_bytes`, value: stack }]),
];

const baseline = (value: number | undefined): Pick<Figure, 'baseline'> =>
  value === undefined ? {} : { baseline: { name: 'naive', value } };

const measureStation = (size: Size, canBuild: boolean, progress: (text: string) => void): Figure[] => {
  const program = programOf('station');
  const board = meteredStation(program);
  progress('station: ticks');
  const tick = cyclesPerTick(board);
  progress('station: readings');
  const reading = cyclesPerReading(board);
  progress('station: the EEPROM, 4,096 paid readings');
  const years = meterEepromYears(meteredStation(program));
  progress('station: the naive one');
  const naive = canBuild ? cyclesPerTick(meteredStation(naiveStation())) : undefined;
  const stack = size.ram === undefined ? undefined : board.chip.stackBytes(size.ram);
  return [
    ...sizeFigures('', size, stack),
    { name: 'cycles_per_tick', value: tick, target: { max: TICK_CYCLES_MAX }, ...baseline(naive) },
    { name: 'cycles_per_reading', value: reading },
    { name: 'eeprom_years', value: years },
  ];
};

const measureValve = (size: Size, progress: (text: string) => void): Figure[] => {
  const program = programOf('valve');
  const board = payingValve(program);
  progress('valve: a chain of 1,024 ticks');
  const { chainS, cyclesPerTick } = payerCosts(board);
  progress('valve: the EEPROM');
  const years = payerEepromYears(payingValve(program));
  const stack = size.ram === undefined ? undefined : board.chip.stackBytes(size.ram);
  return [
    ...sizeFigures('valve_', size, stack),
    { name: 'valve_cycles_per_tick', value: cyclesPerTick },
    { name: 'valve_chain_s', value: chainS },
    { name: 'valve_eeprom_years', value: years },
  ];
};

export const bench: Bench = {
  name: 'firmware',
  summary: 'memory, cycles and EEPROM life of the firmware on the emulated chip, beside a naive SHA-256',
  run: async (progress) => {
    const { missing } = COMPILER;
    const canBuild = missing === undefined;
    if (!canBuild) progress(`no RAM, no stack, no block of SHA-256 and no baseline: ${missing}`);
    const figures: Figure[] = [];
    for (const board of BOARDS) {
      const size = sizeOf(board, canBuild);
      if (board === 'station') figures.push(...measureStation(size, canBuild, progress));
      else if (board === 'valve') figures.push(...measureValve(size, progress));
      else figures.push(...sizeFigures(`${board}_`, size, undefined));
    }
    if (canBuild) {
      figures.push({
        name: 'cycles_per_sha256_block',
        value: sha256Cycles('ours'),
        ...baseline(sha256Cycles('naive')),
      });
    }
    return figures;
  },
};
