/**
 * The demo's processes: started in order, started again when they die, stopped in the opposite order.
 *
 * Each child has a channel to this process: it ends when the channel does, so that nothing is left behind
 * however the parent dies, and answers 'usage' with the processor time it has used.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A child that dies at once is started again after this, then twice that, up to the maximum. */
const RESTART_MS = 100;
const RESTART_MS_MAX = 5000;
/** Who lived this long starts again without a wait. */
const STEADY_MS = 10_000;
/** So many deaths in a row, each sooner than that, and no restart will help. */
const RESTARTS_MAX = 8;
/** Who does not end on SIGTERM within this is killed: the journals allow it. */
const STOP_MS = 5000;
/** A process that answers no 'usage' within this is not counted. */
const USAGE_MS = 500;

export type ProcessName = 'broker' | 'station board' | 'valve board' | 'station agent' | 'farm agent';

export type ProcessSpec = { readonly name: ProcessName; readonly argv: readonly string[] };

export type Fate = {
  /** A line for a person: what a child said, or what became of it. */
  readonly onLine: (name: ProcessName, line: string) => void;
  /** A child dies again and again: the demo cannot go on. */
  readonly onHopeless: (name: ProcessName, lastLine: string) => void;
};

export type ProcessState = {
  readonly name: ProcessName;
  readonly pid: number | null;
  readonly restarts: number;
  readonly lastLine: string;
};

/** What a process says about its end: a refusal of this program, or what Node says of an exception. */
const LAST_WORDS = /^(tollbridge: |\w*Error: )/;
/** Refusals that another start only repeats. */
const LASTING = /^(config-invalid|key-file|storage-newer|module-missing): /;

type Child = {
  readonly spec: ProcessSpec;
  process: ChildProcess | null;
  startedMs: number;
  restarts: number;
  deaths: number;
  timer: NodeJS.Timeout | undefined;
  lastLine: string;
  lastWords: string;
};

/** This program as it runs now: compiled, or from its sources through a loader. */
const PROGRAM = fileURLToPath(new URL('../../tollbridge', import.meta.url));
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export class Processes {
  private readonly children = new Map<ProcessName, Child>();
  private readonly fate: Fate;
  private stopping = false;

  constructor(fate: Fate) {
    this.fate = fate;
  }

  start(spec: ProcessSpec): void {
    const child: Child = {
      spec,
      process: null,
      startedMs: 0,
      restarts: 0,
      deaths: 0,
      timer: undefined,
      lastLine: '',
      lastWords: '',
    };
    this.children.set(spec.name, child);
    this.launch(child);
  }

  states(): ProcessState[] {
    return [...this.children.values()].map((child) => ({
      name: child.spec.name,
      pid: child.process?.pid ?? null,
      restarts: child.restarts,
      lastLine: child.lastLine,
    }));
  }

  /** Processor time of one process so far, in microseconds; null where it is not running. */
  async usageUs(name: ProcessName): Promise<{ readonly pid: number; readonly us: number } | null> {
    const process = this.children.get(name)?.process;
    if (!process?.connected || process.pid === undefined) return null;
    const pid = process.pid;
    const answer = new Promise<{ pid: number; us: number } | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), USAGE_MS);
      process.once('message', (message: { usage?: NodeJS.CpuUsage }) => {
        clearTimeout(timer);
        resolve(message.usage ? { pid, us: message.usage.user + message.usage.system } : null);
      });
    });
    process.send('usage', () => {});
    return answer;
  }

  /** Ends these processes, one after the other: who is named first has ended before the next is asked. */
  async stop(names: readonly ProcessName[]): Promise<void> {
    this.stopping = true;
    for (const name of names) {
      const child = this.children.get(name);
      if (child === undefined) continue;
      clearTimeout(child.timer);
      if (child.process !== null) await ended(child.process);
    }
  }

  private launch(child: Child): void {
    const argv = [...process.execArgv, PROGRAM + EXTENSION, ...child.spec.argv];
    const started = spawn(process.execPath, argv, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    child.process = started;
    child.startedMs = performance.now();
    child.lastWords = '';
    for (const stream of [started.stdout!, started.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        child.lastLine = line;
        if (LAST_WORDS.test(line)) child.lastWords = line;
        this.fate.onLine(child.spec.name, line);
      });
    }
    started.once('error', (error) => this.fate.onLine(child.spec.name, `does not start: ${error.message}`));
    started.once('close', (code, signal) => {
      const words = child.lastWords === '' ? `exit ${code}` : child.lastWords.replace('tollbridge: ', '');
      this.onEnd(child, signal ?? words);
    });
  }

  private onEnd(child: Child, how: string): void {
    child.process = null;
    if (this.stopping) return;
    const steady = performance.now() - child.startedMs >= STEADY_MS;
    child.deaths = steady ? 0 : child.deaths + 1;
    child.restarts++;
    if (child.deaths > RESTARTS_MAX || LASTING.test(how)) {
      this.fate.onHopeless(child.spec.name, how);
      return;
    }
    const waitMs = child.deaths <= 1 ? 0 : Math.min(RESTART_MS * 2 ** (child.deaths - 2), RESTART_MS_MAX);
    child.lastLine = `died (${how}); starting it again`;
    this.fate.onLine(child.spec.name, child.lastLine);
    child.timer = setTimeout(() => this.launch(child), waitMs);
  }
}

const ended = (process: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) return resolve();
    const timer = setTimeout(() => process.kill('SIGKILL'), STOP_MS);
    process.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    process.kill('SIGTERM');
  });

/** A tool of this program that does one thing and ends. */
export const runTool = (
  argv: readonly string[],
): Promise<{ readonly exit: number; readonly output: string; readonly error: string }> =>
  new Promise((resolve) => {
    const started = spawn(process.execPath, [...process.execArgv, PROGRAM + EXTENSION, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the demo: it lets the tool finish
    });
    let output = '';
    let error = '';
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    started.stderr.on('data', (chunk: Buffer) => {
      error += chunk.toString();
    });
    started.once('error', (raised) => resolve({ exit: 1, output, error: raised.message }));
    started.once('close', (code) => resolve({ exit: code ?? 1, output, error: error.trim() }));
  });
