/** Boards with a thermometer that counts hundredths, at the end of a serial line: without a chip, and in Espruino itself. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '../../hardware/bench/binding.ts';
import { openPty, type Pty } from '../../hardware/bench/pty.ts';
import { BUNDLES, FOLDER } from '../../hardware/espruino/build.ts';
import { bareContext, programOf } from './engines.ts';
import type { Stage } from './stage.ts';

export const KEY_BYTE = 0x4b;
export const PERIOD_MS = 10;
const SLICE_MS = 2;

/** What a test opens, and what it does to the board. */
export type Rig = {
  readonly peer?: Peer;
  readonly path: string;
  readonly close: () => void;
};

/** The same text for every board of a test: bundling takes longer than running. */
let program: Promise<string> | undefined;

/** The committed modules on a stage of their own. */
export const stageOf = async (): Promise<Stage> => {
  const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  const context = bareContext({ require: () => ({ SHA256: sha256 }) });
  program ??= programOf('stage.ts', true);
  context.run(await program);
  return context.run('exports.stage') as Stage;
};

/** The modules in Node's engine without what Espruino lacks; a reset at each opening of the port. */
export const bareBoard = async (isMetered: boolean): Promise<Peer> => {
  const stage = await stageOf();
  let timer: NodeJS.Timeout | undefined;
  let measured = 0;
  if (isMetered) stage.memory().write(2, new Uint8Array(32).fill(KEY_BYTE));
  const turn = (send: (bytes: Uint8Array) => void, ms: number): void => {
    for (let i = 0; i < ms; i++) {
      stage.measures(0, ++measured);
      stage.pass(1);
    }
    for (const frame of stage.sent()) send(Buffer.from(frame, 'hex'));
  };
  return {
    open: (send) => {
      let lastMs = Math.floor(performance.now());
      stage.boot(isMetered);
      timer = setInterval(() => {
        const nowMs = Math.floor(performance.now());
        turn(send, nowMs - lastMs);
        lastMs = nowMs;
      }, SLICE_MS);
    },
    receive: (bytes) => stage.host(Buffer.from(bytes).toString('hex')),
    close: () => clearInterval(timer),
  };
};

/** As the owner of a board writes it, for Espruino's Linux build; modules and line lie in its folder. */
const programFor = (isMetered: boolean): string => `
  var storage = require("Storage"), files = require("fs");
  storage.write("tollbridge", files.readFileSync("tollbridge.min.js"));
  storage.write("tollbridge-storage", files.readFileSync("storage.min.js"));
  var memory = ${isMetered} ? require("tollbridge-storage").open() : undefined;
  if (memory && !memory.read(2)) memory.write(2, new Uint8Array(32).fill(${KEY_BYTE}));
  Serial1.setup(115200, { path: "line" });
  var measured = 0;
  require("tollbridge").start({
    board: "espruino", line: Serial1, memory: memory,
    parts: [{ name: "temperature", kind: "temperature", unit: "Cel", exponent: -2, periodMs: ${PERIOD_MS},
              read: function (done) { done(++measured); } }]
  });
`;

/** The interpreter behind one pseudo-terminal, the host behind another; both are as a cable has them. */
export const espruinoBoard = async (binary: string, isMetered: boolean): Promise<Rig> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-espruino-'));
  const ends: Pty[] = [];
  const end = async (name: string, onData: (bytes: Uint8Array) => void): Promise<Pty> => {
    const opened = await openPty({ link: join(folder, name), onData, onClose: () => {} });
    if (!opened.ok) throw new Error(opened.detail);
    ends.push(opened.value);
    return opened.value;
  };
  const board = await end('line', (bytes) => host.write(bytes));
  const host = await end('host', (bytes) => board.write(bytes));
  for (const { file } of BUNDLES) copyFileSync(FOLDER + file, join(folder, file));
  writeFileSync(join(folder, 'board.js'), programFor(isMetered));
  const child: ChildProcess = spawn(binary, ['board.js'], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return {
    path: join(folder, 'host'),
    close: () => {
      child.kill('SIGKILL');
      for (const one of ends) one.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
