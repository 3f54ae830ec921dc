/**
 * One small port over two SQLite bindings: `node:sqlite` where Node has it (>= 22.13), else better-sqlite3.
 * Integers come back as bigint from both: 9007199254740993 stays what it is.
 */

import { type Code, ok, type Result, refuse } from '../../../schemas/result.ts';
import type { SqlRow, SqlValue } from './sql-rows.ts';

export type SqlStatement = {
  readonly run: (...values: SqlValue[]) => void;
  readonly all: (...values: SqlValue[]) => SqlRow[];
};
export type SqliteDriver = {
  readonly exec: (sql: string) => void;
  readonly prepare: (sql: string) => SqlStatement;
  readonly close: () => void;
};
export type OpenSqlite = (path: string) => SqliteDriver;

/**
 * A writer waits this long for another process's transaction, the whole event loop with it; the
 * transactions of the settler and of its command take milliseconds.
 */
export const BUSY_TIMEOUT_MS = 2000;

const openNode = async (): Promise<OpenSqlite> => {
  const { DatabaseSync } = await import('node:sqlite');
  return (path) => {
    const database = new DatabaseSync(path);
    return {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql);
        statement.setReadBigInts(true);
        return {
          run: (...values) => void statement.run(...values),
          all: (...values) => statement.all(...values) as SqlRow[],
        };
      },
      close: () => database.close(),
    };
  };
};

const openBetter = async (): Promise<OpenSqlite> => {
  const { default: Database } = await import('better-sqlite3');
  const openAt = (path: string) => {
    try {
      return new Database(path, { timeout: BUSY_TIMEOUT_MS });
    } catch (error) {
      // A folder that is not there is a TypeError of this binding's; SQLite itself says CANTOPEN.
      if (!(error instanceof TypeError)) throw error;
      throw Object.assign(new Error(error.message), { code: 'SQLITE_CANTOPEN' });
    }
  };
  return (path) => {
    const database = openAt(path);
    database.defaultSafeIntegers(true);
    return {
      exec: (sql) => void database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql);
        return {
          run: (...values) => void statement.run(...values),
          all: (...values) => statement.all(...values) as SqlRow[],
        };
      },
      close: () => void database.close(),
    };
  };
};

/** The binding of this Node, loaded only when a settler runs. Code: module-missing (neither works here). */
export const loadSqlite = async (): Promise<Result<OpenSqlite>> => {
  try {
    return ok(await openNode());
  } catch {
    // Node 20 has none
  }
  try {
    const open = await openBetter();
    open(':memory:').close(); // where its native part was not built, only a use tells
    return ok(open);
  } catch {
    return refuse(
      'module-missing',
      `no SQLite here: Node ${process.versions.node} has none (22.13 has), and better-sqlite3 is not installed: ` +
        'take a newer Node, or npm install --include=optional (it compiles for two minutes where it must)',
    );
  }
};

/** Primary result codes of SQLite (sqlite.org/rescode.html) by number, as `node:sqlite` reports them. */
const FULL = 13;
const BUSY = 5;
const LOCKED = 6;
/**
 * What SQLite says where the index of its log, `-shm`, has no room on the disk: before anything is written on a full
 * disk, this is what fails.
 */
const SHMSIZE = { number: 4874, name: 'SQLITE_IOERR_SHMSIZE' } as const;

/** What went wrong in the database, or undefined where the error is not the database's. */
export const sqliteCodeOf = (error: unknown): Code | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as Error & { code?: unknown; errcode?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'storage-full';
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') {
    // Extended codes carry the primary one in their low byte.
    const primary = errcode & 255;
    if (primary === FULL || errcode === SHMSIZE.number) return 'storage-full';
    return primary === BUSY || primary === LOCKED ? 'busy' : 'storage-failed';
  }
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return undefined;
  if (code.startsWith('SQLITE_FULL') || code === SHMSIZE.name) return 'storage-full';
  return /^SQLITE_(BUSY|LOCKED)/.test(code) ? 'busy' : 'storage-failed';
};
