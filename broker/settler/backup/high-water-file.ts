/**
 * High water in two files beside the settler's state:
 *
 *     <place>.high-water     `<rows> <hash of the last>`, replaced whole
 *     <place>.runs           the name of a payout run a line, only ever longer; a line without an end is none yet
 */

import { closeSync, fsyncSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { isPostgres } from '../store/open.ts';
import { fileRefusal, syncFolder, writeAll, writeWhole } from '../whole-file.ts';
import type { HighWater, Mark } from './high-water.ts';

/** One name of 12 to 14 bytes a line: daily runs of two centuries. */
const RUNS_BYTES_MAX = 1_048_576;

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
};

/** The names that were written whole, each with the end of its line. */
const wholeLines = (path: string): string => {
  const text = textOf(path);
  return text.slice(0, text.lastIndexOf('\n') + 1);
};

/** Several processes may add a line at once. What a crash or a full disk left of a line goes first. */
const addLine = (path: string, line: string): void => {
  const whole = wholeLines(path);
  if (whole.split('\n').includes(line)) return;
  if (whole.length < textOf(path).length) truncateSync(path, whole.length);
  const file = openSync(path, 'a', 0o600);
  try {
    writeAll(file, `${line}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolder(path);
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
    read: () =>
      guarded(() => {
        const mark = markOf(textOf(marks), marks);
        if (!mark.ok) return mark;
        const names = wholeLines(runs).slice(-RUNS_BYTES_MAX).split('\n');
        return ok({ mark: mark.value, runs: names.filter((name) => name !== '') });
      }),
    note: ({ length, hash }) =>
      guarded(() => {
        writeWhole(marks, [`${length} ${toHex(hash)}\n`]);
        return ok(null);
      }),
    reserve: (run) =>
      guarded(() => {
        addLine(runs, run);
        return ok(null);
      }),
  };
};
