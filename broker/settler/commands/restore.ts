/** `tollbridge settler restore`: a backup into a new database, whole or up to a row or a moment. */

import { existsSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Point } from '../backup/point.ts';
import { type Restored, restoreStore } from '../backup/restore.ts';
import { isPostgres, openStore } from '../store/open.ts';
import { Interrupted } from '../watch.ts';
import { attended, exitOf } from './attended.ts';
import type { CommandHost } from './on-store.ts';

/** 2026-11-20, its beginning, or a moment of it: 2026-11-20T12:00:00Z. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/;

const pointOf = (row: string | undefined, moment: string | undefined): Result<Point> => {
  if (row !== undefined && moment !== undefined)
    return refuse('config-invalid', '--to-row and --to-time are two points: write one of them');
  if (row !== undefined)
    return /^\d{1,15}$/.test(row)
      ? ok({ row: Number(row) })
      : refuse('config-invalid', `--to-row is "${row}": write the index of the last row to keep`);
  if (moment === undefined) return ok({});
  const timeMs = MOMENT.test(moment) ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(timeMs)
    ? refuse('config-invalid', `--to-time is "${moment}": write 2026-11-20 or 2026-11-20T12:00:00Z`)
    : ok({ timeMs });
};

/** A database of SQLite's and what it keeps beside it. */
const removeDatabase = (path: string): void => {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
};

/** The restored database, or how it was interrupted. */
const restoreInto = async (
  db: string,
  from: string,
  point: Point,
  sha256: Sha256,
): Promise<Result<Restored | Interrupted>> => {
  const store = await openStore(db);
  if (!store.ok) return store;
  try {
    return await attended((watch) => restoreStore(store.value, from, point, sha256, watch));
  } catch (error) {
    if (error instanceof Interrupted) return ok(error);
    throw error;
  } finally {
    await store.value.close();
  }
};

/**
 * What is there when it begins stays; a database that it makes is whole or not there, as far as a process can see to
 * it: after a power cut no settler starts on one that was not finished.
 * Codes: config-invalid, those of `openStore` and `restoreStore`.
 */
export const run = async (argv: readonly string[], host: CommandHost): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      from: { type: 'string' },
      db: { type: 'string' },
      'to-row': { type: 'string' },
      'to-time': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { from, db } = values;
  if (from === undefined || db === undefined)
    return refuse('config-invalid', 'write: settler restore --from FILE --db PLACE, a place that is empty');
  const point = pointOf(values['to-row'], values['to-time']);
  if (!point.ok) return point;
  const isNew = !isPostgres(db) && !existsSync(db);
  const restored = await restoreInto(db, from, point.value, host.crypto.sha256);
  const isWhole = restored.ok && !(restored.value instanceof Interrupted);
  if (isNew && !isWhole) removeDatabase(db);
  if (!restored.ok) return restored;
  if (restored.value instanceof Interrupted) return ok(exitOf(restored.value));
  const { rows, of, hash, settler } = restored.value;
  const whose = didKey(fromHex(settler)!);
  const text = `${rows} of ${of} rows of ${whose} are in ${db}, and replay; the last hash is ${hash}
payouts and clearing wait: bring in receipts and bank statements, then settler resume --db ${db}`;
  host.print(`${values.json ? JSON.stringify({ rows, of, hash, settler: whose, database: db }) : text}\n`);
  return ok(0);
};
