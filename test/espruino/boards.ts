/** Boards with a thermometer that counts hundredths, at the end of a serial line: without a chip, and in Espruino itself. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '../../hardware/bench/binding.ts';
import { openPty, type Pty } from '../../hardware/bench/pty.ts';
import { FOLDER } from '../../hardware/espruino/build.ts';
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

let made: Promise<string> | undefined;
const program = (): Promise<string> => {
  made ??= programOf(`
    import { openStage } from './stage.ts';
    exports.stage = openStage(MODULES, (bytes) => new Uint8Array(hash(bytes)));
  `);
  return made;
};

/** The committed modules on a stage of their own. */
export const stageOf = async (): Promise<Stage> => {
  const context = bareContext({ hash: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest() });
  context.run(await program());
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

/** As the owner of a board writes it, for Espruino's Linux build. */
const programFor = (path: string, isMetered: boolean): string => `
  var storage = require("Storage");
  storage.write("tollbridge", ${JSON.stringify(readFileSync(`${FOLDER}tollbridge.min.js`, 'utf8'))});
  storage.write("tollbridge-storage", ${JSON.stringify(readFileSync(`${FOLDER}storage.min.js`, 'utf8'))});
  var memory = ${isMetered} ? require("tollbridge-storage").open() : undefined;
  if (memory && !memory.read(2)) memory.write(2, new Uint8Array(32).fill(${KEY_BYTE}));
  Serial1.setup(115200, { path: ${JSON.stringify(path)} });
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
  const board = await end('board', (bytes) => host.write(bytes));
  const host = await end('host', (bytes) => board.write(bytes));
  writeFileSync(join(folder, 'board.js'), programFor(join(folder, 'board'), isMetered));
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
