/** A number on the disk that only rises: it counts connections, through crashes and clocks that go back. */

import { closeSync, readFileSync } from 'node:fs';
import { isAmount } from '../../schemas/amount.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { nodeFiles, replaceFile, storageRefusal, syncDirectory, systemError } from './storage.ts';

const read = (path: string): Result<number> => {
  try {
    const text = readFileSync(path, 'latin1').trim();
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (isAmount(number)) return ok(number);
    return refuse(
      'storage-failed',
      `${path} must hold one number, not "${text.slice(0, 20)}": restore a copy`,
    );
  } catch (raised) {
    if (systemError(raised).code === 'ENOENT') return ok(-1);
    return storageRefusal(raised, 'read', path);
  }
};

/**
 * The next number after the one in the file (-1 where there is none), on the disk before it is answered.
 * Codes: storage-full, storage-failed.
 */
export const raiseNumber = (path: string, next: (last: number) => number): Result<number> => {
  const last = read(path);
  if (!last.ok) return last;
  const number = next(last.value);
  try {
    closeSync(replaceFile(path, [Buffer.from(`${number}\n`)], nodeFiles));
    syncDirectory(path, nodeFiles);
    return ok(number);
  } catch (raised) {
    return storageRefusal(raised, 'write', path);
  }
};
