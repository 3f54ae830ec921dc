/**
 * An Espruino: the interpreter's Linux build (ESPRUINO_BIN), our modules in its storage, and a board's own program.
 * Its Serial1 is one end of a cable, a pseudo-terminal; the bench has the other.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openPty, type Pty } from '../pty.ts';
import { type Rig, systemBinding } from './rig.ts';
import type { EspruinoBoard } from './rig-file.ts';

const MODULES = { tollbridge: 'tollbridge.min.js', 'tollbridge-storage': 'storage.min.js' } as const;

/** Codes: module-missing, config-invalid, device-failed, storage-failed. */
export const startEspruino = async (board: EspruinoBoard): Promise<Result<Rig>> => {
  const interpreter = process.env.ESPRUINO_BIN ?? '';
  if (!existsSync(interpreter))
    return refuse(
      'module-missing',
      `ESPRUINO_BIN ${interpreter === '' ? 'is not set' : `(${interpreter}) is no file`}: build Espruino for Linux`,
    );
  if (!existsSync(board.program))
    return refuse('config-invalid', `no program at ${board.program}: name one in the rig file`);
  const folder = mkdtempSync(join(tmpdir(), 'espruino-'));
  const cable = await openCable(folder);
  if (!cable.ok) {
    rmSync(folder, { recursive: true });
    return cable;
  }
  writeFileSync(join(folder, 'board.js'), programOf(board.program, cable.value.boardEnd));
  const interpreted = new Interpreter(interpreter, folder);
  interpreted.start();
  const restart = async (): Promise<Result<void>> => {
    await interpreted.stop();
    interpreted.start();
    return ok(undefined);
  };
  return ok({
    path: cable.value.hostEnd,
    binding: await systemBinding(),
    steady: false,
    reset: restart,
    cyclePower: restart,
    close: async () => {
      await interpreted.stop();
      cable.value.close();
      rmSync(folder, { recursive: true });
    },
  });
};

type Cable = { readonly boardEnd: string; readonly hostEnd: string; readonly close: () => void };

const openCable = async (folder: string): Promise<Result<Cable>> => {
  const ends: Pty[] = [];
  const open = async (name: string, other: 0 | 1): Promise<Result<string>> => {
    const link = join(folder, name);
    const end = await openPty({ link, onData: (bytes) => ends[other]?.write(bytes), onClose: () => {} });
    if (end.ok) ends.push(end.value);
    return end.ok ? ok(link) : end;
  };
  const close = (): void => {
    for (const end of ends) end.close();
  };
  const boardEnd = await open('board', 1);
  const hostEnd = boardEnd.ok ? await open('host', 0) : boardEnd;
  if (boardEnd.ok && hostEnd.ok) return ok({ boardEnd: boardEnd.value, hostEnd: hostEnd.value, close });
  close();
  return hostEnd as Result<Cable>;
};

const moduleOf = (file: string): string => {
  const path = ['../../espruino/', '../../../../hardware/espruino/']
    .map((folder) => fileURLToPath(new URL(folder + file, import.meta.url)))
    .find((one) => existsSync(one));
  return readFileSync(path ?? file, 'utf8');
};

const programOf = (program: string, port: string): string =>
  [
    ...Object.entries(MODULES).map(
      ([name, file]) => `require("Storage").write("${name}", ${JSON.stringify(moduleOf(file))});`,
    ),
    `Serial1.setup(115200, { path: ${JSON.stringify(port)} });`,
    readFileSync(program, 'utf8'),
  ].join('\n');

/** Ends with our end of its input, also where we are killed: left alone the interpreter would run on. */
const LEASHED = 'exec 3<&0; "$0" board.js <&3 & cat >/dev/null; kill -9 $!';

/** One run after the other, in a folder that keeps the board's flash. */
class Interpreter {
  readonly #program: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  constructor(program: string, folder: string) {
    this.#program = program;
    this.#folder = folder;
  }

  start(): void {
    const child = spawn('/bin/sh', ['-c', LEASHED, this.#program], {
      cwd: this.#folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.on('error', () => {}); // the board is silent then
    child.stdin.on('error', () => {});
    this.#child = child;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin!.end();
    await ended;
  }
}
