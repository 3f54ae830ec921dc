/** One test file as its own process group, with a deadline and bounded output. */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Ending } from './outcome.ts';

/** The tail of a file's output that is kept: a failure is at its end, and a runaway must not fill memory. */
const OUTPUT_CHARS_MAX = 1 << 20;
/** How long a descendant may hold the output after its file has ended. */
const LEFT_BEHIND_MS = 2000;

const running = new Set<ChildProcess>();

const killGroup = (child: ChildProcess): void => {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // the group is gone already
  }
};

/** Ends every file that runs, with all it has started. */
export const killAll = (): void => {
  for (const child of running) killGroup(child);
};

/** Plain output, whatever the caller's terminal: it is parsed, and shown only on failure. */
const plainEnvironment = (): NodeJS.ProcessEnv => {
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
  delete environment.FORCE_COLOR;
  return environment;
};

export const runFile = (file: string, root: string, timeoutMs: number): Promise<Ending> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      detached: true, // a group of its own, so that everything it starts ends with it
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    let timedOut = false;
    let leftBehind = false;
    const keep = (chunk: string): void => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);

    const deadline = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutMs);
    let grace: NodeJS.Timeout | undefined;
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(deadline);
      grace = setTimeout(() => {
        leftBehind = true;
        killGroup(child);
        child.stdout.destroy();
        child.stderr.destroy();
      }, LEFT_BEHIND_MS);
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(grace);
      killGroup(child);
      running.delete(child);
      resolve({ output, exitCode, signal, timedOut, leftBehind });
    });
  });
