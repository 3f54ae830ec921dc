/** A file that is whole or not there: after a crash, on a disk that fills up, and where two processes write it at once. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Refusal, refuse } from '../../schemas/result.ts';

/** What most often ails a path, and its remedy; for the rest the system's own words must do. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder, correct the path'],
  ['EISDIR', 'it is a directory, name a file'],
  ['ENOTDIR', 'one of its folders is a file, correct the path'],
  ['EACCES', 'this user may not, correct its owner or mode'],
  ['EROFS', 'its disk is read-only, name another place'],
  ['ENOSPC', 'its disk is full, make room'],
  ['EDQUOT', "this user's quota is used up, make room"],
]);

/** A system's error as a refusal in the words of `say`; a programmer's is thrown. Codes: storage-full, storage-failed. */
export const fileRefusal = (error: unknown, say: (message: string) => string): Refusal => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const known = WORDS.get(code);
  const what = known === undefined ? message : `${known} (${code})`;
  return refuse(full ? 'storage-full' : 'storage-failed', say(what));
};

/** A name is durable when its folder is. */
export const syncFolder = (path: string): void => {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

/**
 * All of it, or an error of the system's. `writeSync` writes less than it is given where the disk is nearly full, and
 * says so in a number alone.
 */
export const writeAll = (file: number, text: string): void => writeFileSync(file, text);

/** Replaces the file, readable by its owner alone; durable when it returns. Throws what the system says. */
export const writeWhole = (path: string, chunks: Iterable<string>): void => {
  // A name of this process's own: another one may be writing the same file.
  const part = `${path}.${process.pid}.part`;
  try {
    const file = openSync(part, 'w', 0o600);
    try {
      for (const chunk of chunks) writeAll(file, chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolder(path);
};
