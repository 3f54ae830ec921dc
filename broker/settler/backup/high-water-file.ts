/**
 * High water in two files beside the settler's state:
 *
 *     <place>.high-water     `<rows> <hash of the last>`, replaced whole
 *     <place>.runs           a payout run a line, only ever longer; a line without an end is none yet
 *
 * A run's line is `<name> <transfers> <total in nano> <first 8 digits of each id ...>`; of an older program it is the
 * name alone.
 */

import { closeSync, fsyncSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { isPostgres } from '../store/open.ts';
import { fileRefusal, syncFolder, writeAll, writeWhole } from '../whole-file.ts';
import type { HighWater, Mark, NotedRun } from './high-water.ts';

/** A run of 10,000 transfers takes 90 kB: daily ones of eight years. A text of Node's holds twice this. */
const RUNS_BYTES_MAX = 268_435_456;

const tooLong = (path: string): Error =>
  Object.assign(new Error(`${path} is too long: move away the lines of runs older than any backup`), {
    code: 'EFBIG',
  });

const textOf = (path: string): string => {
  try {
    if (statSync(path).size > RUNS_BYTES_MAX) throw tooLong(path);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
};

/** The lines that were written whole, each with its end. */
const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** Several processes may add a line at once. What a crash or a full disk left of a line goes first. */
const addLine = (path: string, line: string): void => {
  const text = textOf(path);
  const whole = wholeLines(text);
  if (whole.split('\n').includes(line)) return;
  if (whole.length < text.length) truncateSync(path, whole.length);
  const file = openSync(path, 'a', 0o600);
  try {
    writeAll(file, `${line}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolder(path);
};

const lineOf = ({ name, content }: NotedRun): string =>
  content === null
    ? name
    : [name, content.transfers.length, content.totalNano, ...content.transfers].join(' ');

const LINE = /^(\S+)(?: (\d{1,6}) (\d{1,19})((?: [0-9a-f]{8})*))?$/;

/** Code: storage-failed, where the line says less than it says it does. */
const runOf = (line: string, path: string): Result<NotedRun> => {
  const [, name, count, totalNano, ids] = LINE.exec(line) ?? [];
  if (name !== undefined && count === undefined) return ok({ name, content: null });
  const transfers = ids?.split(' ').slice(1) ?? [];
  if (name !== undefined && totalNano !== undefined && transfers.length === Number(count))
    return ok({ name, content: { totalNano: BigInt(totalNano), transfers } });
  const remedy = 'leave its name alone, and compare its bank file with settler transfers --all';
  return refuse('storage-failed', `${path} has a damaged line "${line.slice(0, 60)}": ${remedy}`);
};

/** Of two lines of one run, the later says more: the earlier was written when names alone were kept. */
const runsOf = (text: string, path: string): Result<readonly NotedRun[]> => {
  const runs = new Map<string, NotedRun>();
  for (const line of wholeLines(text).split('\n').slice(0, -1)) {
    if (line === '') continue;
    const run = runOf(line, path);
    if (!run.ok) return run;
    runs.set(run.value.name, run.value);
  }
  return ok([...runs.values()]);
};

/** A system's error as a refusal; a programmer's is thrown. */
const guarded = <T>(work: () => Result<T>): Result<T> => {
  try {
    return work();
  } catch (error) {
    return fileRefusal(error, (message) => `the high-water mark: ${message}`);
  }
};

const markOf = (text: string, path: string): Result<Mark | null> => {
  if (text === '') return ok(null);
  const [, rows, hex] = /^(\d{1,15}) ([0-9a-f]{64})\n$/.exec(text) ?? [];
  if (rows !== undefined && hex !== undefined) return ok({ length: Number(rows), hash: fromHex(hex)! });
  const remedy = 'remove it once settler verify and the newest receipts agree with the journal';
  return refuse('storage-failed', `${path} is no high-water mark: ${remedy}`);
};

/** Where that of a database is: beside a file; for one elsewhere in the directory of who works on it. */
export const highWaterPlace = (database: string, directory: string): string =>
  isPostgres(database) ? join(directory, 'settler') : database;

export const highWaterFile = (place: string): HighWater => {
  const [marks, runs] = [`${place}.high-water`, `${place}.runs`];
  return {
    mark: () => guarded(() => markOf(textOf(marks), marks)),
    runs: () => guarded(() => runsOf(textOf(runs), runs)),
    note: ({ length, hash }) =>
      guarded(() => {
        writeWhole(marks, [`${length} ${toHex(hash)}\n`]);
        return ok(null);
      }),
    reserve: (run) =>
      guarded(() => {
        addLine(runs, lineOf(run));
        return ok(null);
      }),
  };
};
