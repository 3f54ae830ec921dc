/** Files that must survive a power cut, and how their failures are told. */

import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';

/** The part of node:fs that durable files use: an argument, so that tests can make each call fail. */
export type Files = Pick<
  typeof fs,
  | 'openSync'
  | 'closeSync'
  | 'fstatSync'
  | 'readSync'
  | 'writeSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
  | 'fdatasync'
  | 'renameSync'
>;

export const nodeFiles: Files = fs;

/** What was raised by node:fs; anything else is a programmer's error and goes on up. */
export const systemError = (raised: unknown): { readonly code: string } => {
  if (raised instanceof Error && 'code' in raised && typeof raised.code === 'string')
    return { code: raised.code };
  throw raised;
};

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'give this user access to it',
  EPERM: 'give this user access to it',
  EROFS: 'mount the file system for writing',
  ENOENT: 'create its directory',
  EISDIR: 'it is a directory, name a file',
  ENOTDIR: 'a part of it is a file, name another directory',
  EEXIST: 'it is a file, name another directory',
  EMFILE: 'raise the number of open files (ulimit -n)',
  EFBIG: 'raise the size a file may have (ulimit -f)',
};

/** Codes: storage-full (no space, quota), storage-failed (anything else). */
export const storageRefusal = (raised: unknown, action: string, path: string): Refusal => {
  const error = systemError(raised);
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return refuse(
      'storage-full',
      `cannot ${action} ${path}: no space left (${error.code}); free some and it goes on`,
    );
  }
  const remedy =
    error.code === 'ENOENT' && action === 'read'
      ? 'there is no such file, correct the path'
      : (REMEDIES[error.code] ?? 'check the disk and its cable, then restart');
  return refuse('storage-failed', `cannot ${action} ${path} (${error.code}): ${remedy}`);
};

/** A whole file of UTF-8. Codes: storage-failed. */
export const readText = (path: string): Result<string> => {
  try {
    return ok(fs.readFileSync(path, 'utf8'));
  } catch (raised) {
    return storageRefusal(raised, 'read', path);
  }
};

/** A new name is durable only once its directory is. Windows cannot open directories and need not. */
export const syncDirectory = (path: string, files: Files): void => {
  if (process.platform === 'win32') return;
  const directory = files.openSync(dirname(path), 'r');
  try {
    files.fsyncSync(directory);
  } finally {
    files.closeSync(directory);
  }
};

/** Writes bytes[from..to) at `position` of the file, however few the system takes at a time. */
export const writeAll = (
  fd: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  position: number,
  files: Files,
): void => {
  for (let at = from; at < to; ) {
    const taken = files.writeSync(fd, bytes, at, to - at, position + at - from);
    if (taken === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    at += taken;
  }
};

/**
 * Replaces a file as a whole, 0600: whatever happens, the path names all of the old bytes or all of the new
 * ones, and surely the new ones after `syncDirectory`. Returns the new file, open for reading and writing.
 */
export const replaceFile = (path: string, chunks: Iterable<Uint8Array>, files: Files): number => {
  const beside = `${path}.new`;
  const fd = files.openSync(beside, 'w+', 0o600);
  try {
    let size = 0;
    for (const chunk of chunks) {
      writeAll(fd, chunk, 0, chunk.length, size, files);
      size += chunk.length;
    }
    files.fsyncSync(fd);
    files.renameSync(beside, path);
    return fd;
  } catch (raised) {
    files.closeSync(fd);
    throw raised;
  }
};
