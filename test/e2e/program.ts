/** The built program as processes: started, listened to, ended. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'dist', 'tollbridge.js');

export type Running = {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Resolves when the output says so; rejects where the process ends without it. */
  readonly said: (pattern: RegExp) => Promise<void>;
  readonly ended: Promise<number | null>;
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

export const startProgram = (...argv: string[]): Running => {
  const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      tell();
    });
  }
  const ended = new Promise<number | null>((done) => child.once('close', (exit) => done(exit)));
  void ended.then(tell);
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((done, fail) => {
      const look = (): void => {
        const over = child.exitCode !== null || child.signalCode !== null;
        if (!pattern.test(output) && !over) return;
        listeners.delete(look);
        if (pattern.test(output)) done();
        else fail(new Error(`ended without ${pattern}:\n${output}`));
      };
      listeners.add(look);
      look();
    });
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  return { process: child, output: () => output, said, ended, end };
};

export type Ran = { readonly exit: number | null; readonly output: string; readonly error: string };

/** Runs to its end. */
export const runProgram = (...argv: string[]): Ran => {
  const ran = spawnSync(process.execPath, [PROGRAM, ...argv], { encoding: 'utf8' });
  return { exit: ran.status, output: ran.stdout, error: ran.stderr.trim() };
};
