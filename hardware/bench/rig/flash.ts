/** Firmware through an Arduino's boot loader, by avrdude. */

import { existsSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { runProgram } from './program.ts';

/** 32 KB at 115,200 baud, written and read back, take 8 s; at 57,600 twice that. */
const FLASH_MS_MAX = 60_000;

/** Codes: config-invalid (no such HEX file), module-missing, device-failed, timeout. */
export const flashByAvrdude = async (
  args: readonly string[],
  port: string,
  firmware: string,
): Promise<Result<void>> => {
  if (!existsSync(firmware))
    return refuse('config-invalid', `no firmware at ${firmware}: name a HEX file in the rig file`);
  const written = await runProgram('avrdude', [...args, '-P', port, '-U', `flash:w:${firmware}:i`], {
    install: 'apt-get install avrdude',
    timeoutMs: FLASH_MS_MAX,
  });
  return written.ok ? ok(undefined) : written;
};
