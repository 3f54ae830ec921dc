/** The kinds of boards that a rig file may list, and what starts each: another kind is one more line. */

import type { Result } from '../../../schemas/result.ts';
import { startAvr8js } from './avr8js.ts';
import { startEspruino } from './espruino.ts';
import { startPort } from './port.ts';
import { startQemu } from './qemu.ts';
import type { Rig } from './rig.ts';
import type { Board } from './rig-file.ts';
import { startSimavr } from './simavr.ts';

/** Codes: module-missing and port-missing (it is not here), config-invalid, device-failed, timeout. */
export const startRig = (board: Board): Promise<Result<Rig>> => {
  switch (board.kind) {
    case 'avr8js':
      return startAvr8js(board);
    case 'simavr':
      return startSimavr(board);
    case 'qemu':
      return startQemu(board);
    case 'espruino':
      return startEspruino(board);
    case 'port':
      return startPort(board);
  }
};
