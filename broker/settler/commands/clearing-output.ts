/** What a clearing did, on its way out: a picture, JSON, and how far it is. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { Clearing } from '../clearing/clear.ts';
import type { Obligation } from '../clearing/obligation.ts';
import { drawClearing, type Write } from '../clearing/picture.ts';
import type { Report } from '../clearing/report.ts';
import { fileRefusal, writeWhole } from '../whole-file.ts';

/** A line that is redrawn, on a terminal only. */
export const progress = (text: string): void => {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[K${text}`);
};

/** Readable by its owner alone: it says who owes whom. Codes: storage-full, storage-failed. */
export const writePicture = (
  path: string,
  before: readonly Obligation[],
  clearing: Clearing,
  write: Write,
): Result<null> => {
  try {
    writeWhole(path, [drawClearing(before, clearing.left, clearing.report, write)]);
    return ok(null);
  } catch (error) {
    return fileRefusal(error, (message) => `${path}: ${message}`);
  }
};

/** Amounts as text, as `write` says them. */
export const clearingJson = (report: Report, write: Write): object => ({
  obligations: report.obligations,
  gross: write(report.grossNano),
  cleared: write(report.clearedNano),
  left: write(report.leftNano),
  net: write(report.netNano),
  transfers: report.transfers,
  transfersSaved: report.transfersSaved,
  steps: report.steps.map(({ step, clearedNano, leftNano, transfers }) => ({
    step,
    cleared: write(clearedNano),
    left: write(leftNano),
    transfers,
  })),
  owners: report.accounts.map(({ owner, owedBefore, dueBefore, owedAfter, dueAfter }) => ({
    owner,
    owedBefore: write(owedBefore),
    dueBefore: write(dueBefore),
    owedAfter: write(owedAfter),
    dueAfter: write(dueAfter),
  })),
});
