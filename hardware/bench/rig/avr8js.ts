/** A board of ours on the emulated chip, in this process: no port, nothing to install but npm packages. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { chipPeer, PeerBinding } from '../binding.ts';
import type { Chip } from '../chip.ts';
import { parseHex } from '../hex.ts';
import { readWeather } from '../weather.ts';
import type { Rig } from './rig.ts';
import type { Avr8jsBoard } from './rig-file.ts';

const SERIALS = { station: [0x74, 0x62, 0, 0, 0, 0, 0, 1], valve: [0x74, 0x62, 0, 0, 0, 0, 0, 2] } as const;
/** MCUSR after power came. */
const RESET_POWER = 1;
const RESET_EXTERNAL = 2;
/** Measurements per hour of the record: the weather stays what it is while a suite looks. */
const HOLD = 1000;

/** Codes: module-missing, config-invalid. */
export const startAvr8js = async (board: Avr8jsBoard): Promise<Result<Rig>> => {
  const program = readProgram(board.firmware ?? committedHex(board.board));
  if (!program.ok) return program;
  const boards = await loadBoards();
  if (boards === undefined)
    return refuse('module-missing', 'the emulated chip needs avr8js: npm i -D avr8js@0.21.1');
  const weather = readWeather('seattle');
  if (!weather.ok) return weather;
  const wiring = { program: program.value, serial: Uint8Array.from(SERIALS[board.board]) };
  let chip: Chip | undefined;
  const build = (onSend: (byte: number) => void): Chip => {
    chip =
      board.board === 'station'
        ? boards.buildStation({ ...wiring, onSend, weather: weather.value, hold: HOLD })
        : boards.buildValve({ ...wiring, onSend, onPin: () => {} });
    return chip;
  };
  const binding = new PeerBinding();
  binding.plug(board.name, chipPeer(build, 1));
  const restart = async (cause: number): Promise<Result<void>> => {
    chip?.reset(cause);
    return ok(undefined);
  };
  return ok({
    path: board.name,
    binding,
    steady: false,
    reset: () => restart(RESET_EXTERNAL),
    cyclePower: () => restart(RESET_POWER),
    close: async () => binding.unplug(board.name),
  });
};

/** hardware/avr/<board>.hex, seen from this file as a source and as compiled into dist/. */
const committedHex = (board: 'station' | 'valve'): string => {
  const candidates = ['../../avr/', '../../../../hardware/avr/'].map((folder) =>
    fileURLToPath(new URL(`${folder}${board}.hex`, import.meta.url)),
  );
  return candidates.find((path) => existsSync(path)) ?? candidates[0]!;
};

const readProgram = (path: string): Result<Uint16Array> => {
  try {
    const program = parseHex(readFileSync(path, 'utf8'));
    return program.ok ? program : refuse(program.code, `${path}: ${program.detail}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse('config-invalid', `no firmware at ${path} (${code}): name a HEX file in the rig file`);
  }
};

/** avr8js is a development dependency: whoever installs the package for its agent does without. */
const loadBoards = async (): Promise<typeof import('../boards.ts') | undefined> => {
  try {
    return await import('../boards.ts');
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
};
