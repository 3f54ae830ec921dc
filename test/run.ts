/**
 * `npm test`: runs every test file as its own process and adds up what they say.
 *
 *     node --import tsx test/run.ts [FILTER…] [--long]
 *
 * FILTER keeps the files whose path contains it. `*.long.test.ts` files run only with --long. The last
 * line is `N passed, N failed`, with `, N skipped` where tests could not run here.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judge, type Outcome } from './runner/outcome.ts';
import { killAll, runFile } from './runner/process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const JOBS = 2;
/** More than twice what the slowest file (the emulated chip) takes on two busy cores. */
const FILE_TIMEOUT_MS = 240_000;
const LONG_FILE_TIMEOUT_MS = 1_800_000;

const isTty = process.stdout.isTTY === true;
const paint = (colour: number, text: string): string => (isTty ? `\x1b[${colour}m${text}\x1b[0m` : text);

const findFiles = (filters: readonly string[], long: boolean): string[] =>
  readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .filter((entry) => long || !entry.name.endsWith('.long.test.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort();

type Tally = { passed: number; failed: number; skips: Map<string, number>; failing: string[] };

/** The line that is redrawn on a terminal; elsewhere nothing. */
const drawProgress = (done: number, of: number, running: ReadonlySet<string>): void => {
  if (!isTty) return;
  const names = [...running].map((path) => path.replace(/^test\//, '')).join(' ');
  const width = (process.stdout.columns || 80) - 1;
  process.stdout.write(`\r\x1b[K${`[${done}/${of}] ${names}`.slice(0, width)}`);
};

const print = (line: string): void => {
  process.stdout.write(isTty ? `\r\x1b[K${line}\n` : `${line}\n`);
};

const report = (path: string, outcome: Outcome, output: string, elapsedMs: number): void => {
  const mark = outcome.failed > 0 ? paint(31, 'FAIL') : paint(32, 'ok  ');
  const skipped = outcome.skips.length > 0 ? `, ${outcome.skips.length} skipped` : '';
  print(`${mark} ${path}  ${outcome.passed} passed${skipped}  ${elapsedMs} ms`);
  if (outcome.failed === 0) return;
  print(output.trimEnd());
  for (const fault of outcome.faults) print(`${mark} ${path}: ${fault}`);
};

const runAll = async (files: readonly string[]): Promise<Tally> => {
  const tally: Tally = { passed: 0, failed: 0, skips: new Map(), failing: [] };
  const waiting = [...files];
  const running = new Set<string>();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      running.add(path);
      drawProgress(done, files.length, running);
      const startedMs = performance.now();
      const timeoutMs = path.endsWith('.long.test.ts') ? LONG_FILE_TIMEOUT_MS : FILE_TIMEOUT_MS;
      const ending = await runFile(path, ROOT, timeoutMs);
      const outcome = judge(ending, readFileSync(join(ROOT, path), 'utf8'));
      running.delete(path);
      done++;
      tally.passed += outcome.passed;
      tally.failed += outcome.failed;
      for (const reason of outcome.skips) tally.skips.set(reason, (tally.skips.get(reason) ?? 0) + 1);
      if (outcome.failed > 0) tally.failing.push(path);
      report(path, outcome, ending.output, Math.round(performance.now() - startedMs));
      drawProgress(done, files.length, running);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  return tally;
};

const summarise = (tally: Tally): void => {
  let skipped = 0;
  for (const [reason, times] of tally.skips) {
    print(`skip: ${reason}${times > 1 ? ` (${times} times)` : ''}`);
    skipped += times;
  }
  for (const path of tally.failing) print(paint(31, `failed: ${path}`));
  print(`${tally.passed} passed, ${tally.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
};

const readArguments = (): { filters: readonly string[]; long: boolean } | undefined => {
  try {
    const options = { long: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return { filters: positionals, long: values.long };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm test -- [FILTER…] [--long]`);
    return undefined;
  }
};

const main = async (): Promise<number> => {
  const wanted = readArguments();
  if (wanted === undefined) return 2;
  const files = findFiles(wanted.filters, wanted.long);
  if (files.length === 0) {
    console.error(`no test file's path contains ${wanted.filters.join(' or ') || '.test.ts'}`);
    return 2;
  }
  const tally = await runAll(files);
  summarise(tally);
  return tally.failed > 0 ? 1 : 0;
};

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll();
    print(`interrupted by ${signal}: every test file was stopped`);
    process.exit(SIGNAL_CODES[signal]);
  });
}

process.exitCode = await main();
