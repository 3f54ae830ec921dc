/** A board of ours on the emulated chip, in this process: no port, nothing to install but npm packages. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { chipPeer, PeerBinding } from '../binding.ts';
import type { Chip } from '../chip.ts';
import { committedHex, loadBoards, readFirmware, SERIALS } from '../firmware.ts';
import { readWeather } from '../weather.ts';
import type { Rig } from './rig.ts';
import type { Avr8jsBoard } from './rig-file.ts';

/** MCUSR after power came. */
const RESET_POWER = 1;
const RESET_EXTERNAL = 2;
/** Measurements per hour of the record: the weather stays what it is while a suite looks. */
const HOLD = 1000;

/** Codes: module-missing, config-invalid. */
export const startAvr8js = async (board: Avr8jsBoard): Promise<Result<Rig>> => {
  const program = readFirmware(
    board.firmware ?? committedHex(board.board),
    'name a HEX file in the rig file',
  );
  if (!program.ok) return program;
  const boards = await loadBoards();
  if (boards === undefined)
    return refuse('module-missing', 'the emulated chip needs avr8js: npm i -D avr8js@0.21.1');
  const weather = readWeather('seattle');
  if (!weather.ok) return weather;
  const wiring = { program: program.value, serial: Buffer.from(SERIALS[board.board], 'hex') };
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
