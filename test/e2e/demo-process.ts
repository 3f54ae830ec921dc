/** The demo as a person starts it: the built program, in a directory of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { askStatus } from '../../agent/control.ts';
import { until } from '../wait.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'dist', 'tollbridge.js');
const XSD = join(ROOT, '..', 'shared', 'vectors', 'iso20022', 'pain.001.001.09.xsd');
/** Where it cannot, the settler's own test of the bank file says so. */
const canCheck = existsSync(XSD) && spawnSync('xmllint', ['--version']).error === undefined;

export type Summary = {
  readonly sold: number;
  readonly delivered: number;
  readonly paid: number;
  readonly disputed: number;
  readonly paid_nano: number;
  readonly bank_file: string | null;
  readonly elapsed_ms: number;
};

export type Ended = {
  readonly exit: number | null;
  readonly output: string;
  readonly summary: Summary | null;
};

export const demoState = (): string => mkdtempSync(join(tmpdir(), 'tollbridge-e2e-'));
export const removeState = (state: string): void => rmSync(state, { recursive: true, force: true });

/** The last line where it is JSON; whatever else is printed stands before it. */
const summaryOf = (output: string): Summary | null => {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Summary) : null;
};

export type RunningDemo = {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the farm holds so many readings of the run. */
  readonly delivered: (readings: number) => Promise<void>;
  /** Kills a process of the demo as a power cut would, by the pid of its command line. */
  readonly kill: (commandLine: RegExp) => void;
};

/** Every process of this machine with that text in its command line (Linux). */
const pidsOf = (state: string, commandLine: RegExp): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(state) && commandLine.test(line);
      } catch {
        return false; // ended since
      }
    })
    .map(Number);

export const startDemo = (state: string, readings: number): RunningDemo => {
  const withXsd = canCheck ? ['--xsd', XSD] : [];
  const argv = ['demo', '--readings', String(readings), '--json', '--state', state, ...withXsd];
  const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<Ended>((done) =>
    child.once('close', (exit) => done({ exit, output, summary: summaryOf(output) })),
  );
  const heldNow = async (): Promise<number> => {
    const farm = await askStatus(join(state, 'farm'));
    return farm.ok ? farm.value.leases.reduce((sum, lease) => sum + lease.delivered, 0) : 0;
  };
  return {
    process: child,
    ended,
    delivered: (wanted) =>
      until(
        async () => child.exitCode !== null || (await heldNow()) >= wanted,
        undefined,
        () => output,
      ),
    kill: (commandLine) => {
      const pids = pidsOf(state, commandLine);
      if (pids.length === 0) throw new Error(`no process ${commandLine} of ${state}`);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    },
  };
};
