/** An Espruino: the interpreter's Linux build, running a program of ours, with its console as the serial line. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { systemBinding } from '../faulty-binding.ts';
import { openPty, type Pty } from '../pty.ts';
import type { Rig } from './rig.ts';
import type { EspruinoBoard } from './rig-file.ts';

/** Codes: module-missing, config-invalid, device-failed, storage-failed. */
export const startEspruino = async (board: EspruinoBoard): Promise<Result<Rig>> => {
  const interpreter = process.env.ESPRUINO_BIN;
  if (interpreter === undefined)
    return refuse('module-missing', 'ESPRUINO_BIN names no interpreter: build the Linux one of Espruino');
  if (!existsSync(interpreter))
    return refuse(
      'module-missing',
      `ESPRUINO_BIN=${interpreter} is no file: build the Linux one of Espruino`,
    );
  if (!existsSync(board.program))
    return refuse('config-invalid', `no program at ${board.program}: name one in the rig file`);
  const folder = mkdtempSync(join(tmpdir(), 'espruino-'));
  let child: ChildProcess | undefined;
  let pty: Pty | undefined;
  const start = (): void => {
    child = spawn(interpreter, [board.program], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.on('error', () => {}); // the board is silent then
    child.stdin!.on('error', () => {});
    child.stdout!.on('data', (bytes: Uint8Array) => pty?.write(bytes));
  };
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child!.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const opened = await openPty({
    link: join(folder, 'board.tty'),
    onData: (bytes) => child?.stdin?.write(bytes),
    onClose: () => {},
  });
  if (!opened.ok) {
    rmSync(folder, { recursive: true });
    return opened;
  }
  pty = opened.value;
  start();
  const restart = async (): Promise<Result<void>> => {
    await stop();
    start();
    return ok(undefined);
  };
  return ok({
    path: pty.path,
    binding: await systemBinding(),
    steady: false,
    reset: restart,
    cyclePower: restart,
    close: async () => {
      await stop();
      opened.value.close();
      rmSync(folder, { recursive: true });
    },
  });
};
