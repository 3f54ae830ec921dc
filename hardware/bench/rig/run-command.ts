/** `tollbridge rig run` */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import type { Suite } from '../suites/suite.ts';
import { SUITES } from '../suites/suites.ts';
import { TraceWriter } from '../trace.ts';
import { junitXml } from './junit.ts';
import { startRig } from './kinds.ts';
import { type Paint, paintFor, reportLines, suiteLines, tallyOf } from './report.ts';
import { type Board, readRigFile } from './rig-file.ts';
import { type BoardResult, runBoards } from './run.ts';

const DONE = 0;
const FAILED = 1;
const INTERRUPTED = 130;
const JOBS_MAX = 32;
const SEED_MAX = 2 ** 32 - 1;
const WIDTH = 100;
const PORTS = '/dev/serial/by-id';
const BAUD_RATE = 115_200;

type Settings = {
  readonly boards: readonly Board[];
  readonly suites: readonly Suite[];
  readonly jobs: number;
  readonly seed: number;
  readonly flash: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly record: string | undefined;
};

/** The exit code. Codes: config-invalid, storage-failed. */
export const runCommand = async (argv: readonly string[]): Promise<Result<number>> => {
  const settings = readSettings(argv);
  if (!settings.ok) return settings;
  if (settings.value.list) return list(settings.value);
  const traces = openTraces(settings.value);
  if (!traces.ok) return traces;
  const { junit, json, seed } = settings.value;
  const stream = json ? process.stderr : process.stdout;
  const screen = new Screen(stream);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort(); // a second one ends the process
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const startedAt = new Date().toISOString();
  const beganMs = performance.now();
  const results = await runBoards(settings.value.boards, {
    ...settings.value,
    signal: abort.signal,
    tapOf: (board) => traces.value.get(board.name)?.write ?? (() => {}),
    onSuite: (board, suite, checks) => screen.suite(board, suite, checks),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, onSignal);
  for (const trace of traces.value.values()) trace.close();
  const tookMs = performance.now() - beganMs;
  screen.end(results, seed, tookMs);
  if (json) console.log(JSON.stringify(jsonOf(results, seed)));
  const written = junit === undefined ? undefined : write(junit, junitXml(results, startedAt));
  if (written !== undefined) return written;
  const { passed, failed } = tallyOf(results.flatMap(({ checks }) => checks));
  return ok(abort.signal.aborted ? INTERRUPTED : failed > 0 || passed === 0 ? FAILED : DONE);
};

const readSettings = (argv: readonly string[]): Result<Settings> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      junit: { type: 'string' },
      json: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      'no-flash': { type: 'boolean', default: false },
      record: { type: 'string' },
    },
  });
  if (positionals.length > 1)
    return refuse('config-invalid', `one rig file at a time, not ${positionals.join(' ')}`);
  const jobs = wholeNumber(values.jobs, 1, JOBS_MAX);
  if (jobs === undefined)
    return refuse('config-invalid', `--jobs ${values.jobs}: a whole number from 1 to ${JOBS_MAX}`);
  const seed = wholeNumber(values.seed, 0, SEED_MAX);
  if (seed === undefined)
    return refuse('config-invalid', `--seed ${values.seed}: a whole number from 0 to ${SEED_MAX}`);
  if (values.port !== undefined && positionals.length > 0)
    return refuse('config-invalid', `--port ${values.port} or the file ${positionals[0]}, not both`);
  const boards = values.port === undefined ? readBoards(positionals[0] ?? rigFile()) : boardAt(values.port);
  if (!boards.ok) return boards;
  const chosen = choose(boards.value, values.only);
  if (!chosen.ok) return chosen;
  const { list, json, junit, record } = values;
  return ok({ ...chosen.value, jobs, seed, flash: !values['no-flash'], list, json, junit, record });
};

export const wholeNumber = (text: string, min: number, max: number): number | undefined => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : undefined;
};

/** rig.yaml here, else that of the project, seen from this file as a source and as compiled into dist/. */
const rigFile = (): string =>
  ['rig.yaml']
    .concat(
      ['../rig.yaml', '../../../../hardware/bench/rig.yaml'].map((path) =>
        fileURLToPath(new URL(path, import.meta.url)),
      ),
    )
    .find((path) => existsSync(path)) ?? 'rig.yaml';

/** One board that needs no file. */
const boardAt = (port: string): Result<readonly Board[]> =>
  readRigFile('--port', `boards: [{ name: board, kind: port, port: ${JSON.stringify(port)} }]`);

const readBoards = (path: string): Result<readonly Board[]> => {
  try {
    return readRigFile(path, readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse('config-invalid', `no rig file at ${path} (${code}): see hardware/bench/rig.yaml`);
  }
};

/** Names of boards, of suites, or of both. */
const choose = (
  boards: readonly Board[],
  only: string | undefined,
): Result<Pick<Settings, 'boards' | 'suites'>> => {
  const names = only?.split(',').map((name) => name.trim()) ?? [];
  const known = [...boards, ...SUITES].map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    return refuse('config-invalid', `--only ${unknown}: there are ${known.join(', ')}`);
  const pick = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] => {
    const some = all.filter(({ name }) => names.includes(name));
    return some.length > 0 ? some : all;
  };
  return ok({ boards: pick(boards), suites: pick(SUITES) });
};

const openTraces = ({ boards, record }: Settings): Result<ReadonlyMap<string, TraceWriter>> => {
  const traces = new Map<string, TraceWriter>();
  if (record === undefined) return ok(traces);
  try {
    mkdirSync(record, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse('storage-failed', `cannot make the folder ${record} (${code}): name another`);
  }
  for (const { name } of boards) {
    const trace = TraceWriter.create(join(record, `${name}.trace`), name, BAUD_RATE);
    if (!trace.ok) return trace;
    traces.set(name, trace.value);
  }
  return ok(traces);
};

const write = (path: string, text: string): Refusal | undefined => {
  try {
    writeFileSync(path, text);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse('storage-failed', `cannot write ${path} (${code}): name a path that this user may write`);
  }
};

/** Starts each board to see whether it is here, and lets it go. */
const list = async ({ boards, suites, json }: Settings): Promise<Result<number>> => {
  const unlisted = portsHere().filter(
    (port) => !boards.some((board) => board.kind === 'port' && board.port === port),
  );
  const found: { board: string; kind: string; here: boolean; reason: string }[] = [];
  for (const board of boards) {
    const started = await startRig(board);
    if (started.ok) await started.value.close();
    const reason = started.ok ? '' : `${started.code}: ${started.detail}`;
    found.push({ board: board.name, kind: board.kind, here: started.ok, reason });
  }
  if (json) {
    console.log(
      JSON.stringify({ boards: found, unlisted, suites: suites.map(({ name, about }) => ({ name, about })) }),
    );
    return ok(DONE);
  }
  const width = Math.max(
    ...[...found.map(({ board }) => board), ...suites.map(({ name }) => name)].map((name) => name.length),
  );
  for (const { board, kind, here, reason } of found)
    console.log(`${board.padEnd(width)}   ${kind.padEnd(8)}   ${here ? 'is here' : reason}`);
  for (const port of unlisted) console.log(`not listed: ${port}`);
  console.log('');
  for (const { name, about, checks } of suites)
    console.log(`${name.padEnd(width)}   ${String(checks.length).padStart(2)} checks   ${about}`);
  return ok(DONE);
};

/** By names that stay; none where there is no udev, or nothing plugged in. */
const portsHere = (): string[] => {
  try {
    return readdirSync(PORTS).map((name) => join(PORTS, name));
  } catch {
    return [];
  }
};

const jsonOf = (results: readonly BoardResult[], seed: number): object => ({
  seed,
  ...tallyOf(results.flatMap(({ checks }) => checks)),
  boards: results.map(({ board, kind, identity, checks }) => ({
    board,
    kind,
    identity,
    checks: checks.map(({ elapsedMs, ...check }) => ({ ...check, elapsed_ms: Math.round(elapsedMs) })),
  })),
});

/** Lines as suites end, and on a terminal under them a line with those that run. */
class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #paint: Paint;
  readonly #running = new Map<string, string>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#paint = paintFor(stream.isTTY === true, process.env);
  }

  suite(board: string, suite: string, checks: BoardResult['checks'] | undefined): void {
    if (checks === undefined) this.#running.set(board, suite);
    else {
      this.#running.delete(board);
      for (const line of suiteLines(board, suite, checks, this.#paint)) this.#print(line);
    }
    if (this.#stream.isTTY !== true) return;
    const running = [...this.#running].map(([name, what]) => `${name}: ${what}`).join(', ');
    this.#stream.write(`\r\x1b[K${running.slice(0, this.#width() - 1)}`);
  }

  end(results: readonly BoardResult[], seed: number, tookMs: number): void {
    const options = { width: this.#width(), seed, tookMs, paint: this.#paint };
    for (const line of reportLines(results, options)) this.#print(line);
  }

  #print(line: string): void {
    this.#stream.write(this.#stream.isTTY === true ? `\r\x1b[K${line}\n` : `${line}\n`);
  }

  #width(): number {
    return this.#stream.columns || WIDTH;
  }
}
