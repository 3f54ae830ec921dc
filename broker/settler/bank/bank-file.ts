/** A bank file on disk: whole or not there, and never over another one. */

import { readFileSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { fileRefusal, writeWhole } from '../whole-file.ts';

const existing = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Readable by its owner alone: it carries names and accounts. Codes: config-invalid, storage-full, storage-failed. */
export const writeBankFile = (path: string, text: string): Result<null> => {
  try {
    const there = existing(path);
    if (there === text) return ok(null);
    if (there !== undefined) {
      return refuse(
        'config-invalid',
        `${path} holds something else: choose another name, nothing was overwritten`,
      );
    }
    writeWhole(path, [text]);
    return ok(null);
  } catch (error) {
    const remedy = 'the payouts stay pending: run the command again to write the same file';
    return fileRefusal(error, (message) => `${path}: ${message}; ${remedy}`);
  }
};
