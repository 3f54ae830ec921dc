/** A budget in a file: the bytes that an owner signed, as they are. */

import { closeSync, readFileSync, statSync } from 'node:fs';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { nodeFiles, replaceFile, storageRefusal, syncDirectory } from '../host/storage.ts';

/** A budget is 218 bytes at most; another file is none. */
const BYTES_MAX = 1024;

/** Codes: storage-failed, object-malformed. */
export const readBudgetFile = (path: string): Result<Uint8Array> => {
  try {
    if (statSync(path).size > BYTES_MAX)
      return refuse('object-malformed', `${path} is no budget: tollbridge budget --out FILE writes one`);
    return ok(new Uint8Array(readFileSync(path)));
  } catch (raised) {
    return storageRefusal(raised, 'read', path);
  }
};

/** Replaces what was there: a budget that is written is newer. Codes: storage-full, storage-failed. */
export const writeBudgetFile = (path: string, budget: Uint8Array): Result<null> => {
  try {
    closeSync(replaceFile(path, [budget], nodeFiles));
    syncDirectory(path, nodeFiles);
    return ok(null);
  } catch (raised) {
    return storageRefusal(raised, 'write', path);
  }
};
