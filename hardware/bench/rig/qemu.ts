/** A micro:bit in QEMU: a Cortex-M0, so another port of the same C core. */

import { existsSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { startMicrobit } from '../qemu.ts';
import { type Rig, systemBinding } from './rig.ts';
import type { QemuBoard } from './rig-file.ts';

/** Codes: module-missing, config-invalid, device-failed, timeout. */
export const startQemu = async (board: QemuBoard): Promise<Result<Rig>> => {
  if (!existsSync(board.firmware))
    return refuse('config-invalid', `no firmware at ${board.firmware}: name a HEX file in the rig file`);
  const started = await startMicrobit(board.firmware);
  if (!started.ok) return started;
  const { path, reset, close } = started.value;
  return ok({
    path,
    binding: await systemBinding(),
    steady: false,
    reset: async () => {
      reset();
      return ok(undefined);
    },
    close,
  });
};
