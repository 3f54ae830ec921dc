/** The built program as processes: started, listened to, ended. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { askStatus } from '../../agent/control.ts';
import type { AgentStatus } from '../../agent/status.ts';
import { until } from '../wait.ts';

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
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  let over = false;
  const ended = new Promise<number | null>((done) => child.once('close', (exit) => done(exit)));
  void ended.then(() => {
    over = true;
  });
  const said = async (pattern: RegExp): Promise<void> => {
    const seen = (): string => `${pattern} in:\n${output}`;
    await until(() => over || pattern.test(output), undefined, seen);
    if (!pattern.test(output)) throw new Error(`ended without ${seen()}`);
  };
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

/** What the agent with that state says of itself, as soon as it is so. */
export const statusWhen = async (
  state: string,
  holds: (status: AgentStatus) => boolean,
  output: () => string,
): Promise<AgentStatus> => {
  let last = await askStatus(state);
  const look = async (): Promise<boolean> => {
    last = await askStatus(state);
    return last.ok && holds(last.value);
  };
  await until(look, undefined, () => `${holds}: ${JSON.stringify(last)}\n${output()}`);
  if (!last.ok) throw new Error(last.detail);
  return last.value;
};
