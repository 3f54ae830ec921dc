/** Compiles the portable C for this machine and asks it questions. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CORE = fileURLToPath(new URL('../../hardware/core/', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const WARNINGS = ['-std=c11', '-O1', '-g', '-Wall', '-Wextra', '-Wconversion', '-Werror'];
/** Where the compiler brings them: reads past a buffer and undefined arithmetic end the program. */
const SANITISERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** A hundred days of a board. */
const ANSWERS_BYTES_MAX = 64 * 1024 * 1024;

export type CoreHost = {
  /** One answer per question. */
  readonly ask: (questions: readonly string[]) => string[];
  readonly remove: () => void;
};

/** `parts` of the core under a program of this folder; undefined (and a printed reason) without a C compiler. */
export const buildCoreHost = (
  asker = 'core-host.c',
  parts: readonly string[] = readdirSync(CORE).filter((name) => name.endsWith('.c')),
): CoreHost | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'core-host-'));
  const program = join(folder, 'core-host');
  const build = (flags: readonly string[]): void => {
    const files = [join(HERE, asker), ...parts.map((name) => join(CORE, name))];
    execFileSync('cc', [...WARNINGS, ...flags, '-I', CORE, '-o', program, ...files], { stdio: 'pipe' });
  };
  const remove = (): void => rmSync(folder, { recursive: true });
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
  } catch {
    console.log('skip: the portable C on this machine needs a C compiler (apt-get install gcc libc6-dev)');
    remove();
    return undefined;
  }
  try {
    build(SANITISERS);
  } catch {
    try {
      build([]); // no sanitisers here, or the code is wrong: then this tells
    } catch (error) {
      remove();
      throw error;
    }
  }
  const ask = (questions: readonly string[]): string[] =>
    execFileSync(program, {
      input: `${questions.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: ANSWERS_BYTES_MAX,
    })
      .replace(/ *\n$/, '')
      .split(/ *\n/);
  return { ask, remove };
};
