/** Programs of the system that a bench starts: found, run to their end, or told why not. */

import { spawn } from 'node:child_process';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

/** What a program says before it is given up; a bench tells its last words only. */
const OUTPUT_LENGTH_MAX = 20_000;
const LAST_WORDS = 3;

/**
 * Runs to the end; the value is what it said. Codes: module-missing (it is not installed; `install` says
 * how), device-failed (its last lines), timeout.
 */
export const runProgram = (
  command: string,
  args: readonly string[],
  options: { readonly install: string; readonly timeoutMs: number },
): Promise<Result<string>> =>
  new Promise((settle) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (chunk: Buffer): void => {
      if (said.length < OUTPUT_LENGTH_MAX) said += chunk.toString('utf8');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle(refuse('timeout', `${command} did not end within ${options.timeoutMs} ms: ${lastWords(said)}`));
    }, options.timeoutMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      settle(
        error.code === 'ENOENT'
          ? refuse('module-missing', `${command} is not installed: ${options.install}`)
          : refuse('device-failed', `${command} cannot be started: ${error.message}`),
      );
    });
    child.once('close', (exit) => {
      clearTimeout(timer);
      settle(exit === 0 ? ok(said) : refuse('device-failed', `${command} failed: ${lastWords(said)}`));
    });
  });

const lastWords = (said: string): string =>
  said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-LAST_WORDS)
    .join(' / ');
