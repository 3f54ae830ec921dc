/**
 * The store on SQLite: WAL, synchronous=FULL, one connection that writes and one that reads. Several
 * processes may share a database: `BEGIN IMMEDIATE` lets one write at a time and shows it the newest state.
 */

import { closeSync, openSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { MIGRATIONS, SQLITE } from './schema.ts';
import {
  BUSY_TIMEOUT_MS,
  loadSqlite,
  type OpenSqlite,
  type SqliteDriver,
  sqliteCodeOf,
} from './sqlite-driver.ts';
import { prepareReader, prepareWriter } from './sqlite-rows.ts';
import type { Store } from './store.ts';
import { takeTurns } from './turns.ts';

const PATIENCE = `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`;
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
`;

/** A refusal that names the database, or the error itself where it is a programmer's. */
const refusalOf = (error: unknown, path: string) => {
  const code = sqliteCodeOf(error);
  if (code === undefined) throw error;
  const { message } = error as Error;
  const remedy =
    code === 'storage-full'
      ? 'make room on the disk and try again'
      : code === 'busy'
        ? 'another process is writing: try again'
        : 'check the file, its folder and the disk';
  return refuse(code, `${path}: ${message}; nothing was written, ${remedy}`);
};

const migrate = (driver: SqliteDriver, path: string): Result<null> => {
  driver.exec('BEGIN IMMEDIATE');
  try {
    driver.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
    const [row] = driver.prepare(`SELECT value FROM meta WHERE name = 'schema-version'`).all();
    const version = row === undefined ? 0 : Number(row.value);
    if (version > MIGRATIONS.length) {
      driver.exec('ROLLBACK');
      const versions = `is of version ${version}, this program knows up to ${MIGRATIONS.length}`;
      return refuse('storage-newer', `${path} ${versions}: run a newer program, or restore an older backup`);
    }
    for (const step of MIGRATIONS.slice(version)) driver.exec(step(SQLITE));
    driver
      .prepare(`INSERT OR REPLACE INTO meta (name, value) VALUES ('schema-version', ?)`)
      .run(String(MIGRATIONS.length));
    driver.exec('COMMIT');
    return ok(null);
  } catch (error) {
    rollback(driver);
    throw error;
  }
};

/** After some errors (SQLITE_FULL) the transaction is already rolled back, and a second one would throw. */
const rollback = (driver: SqliteDriver): void => {
  try {
    driver.exec('ROLLBACK');
  } catch {
    // Nothing was open: the first error is the one to report.
  }
};

/** A new database is for its owner alone: it holds names and bank accounts. SQLite's other files follow its mode. */
const createPrivately = (path: string): void => {
  if (path === ':memory:') return;
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch {
    // it is there, or cannot be made: SQLite says which
  }
};

/** Tables, and not the one that every database of ours begins with. */
const isForeign = (driver: SqliteDriver): boolean => {
  const tables = driver.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  return tables.length > 0 && !tables.some(({ name }) => name === 'meta');
};

/** A mistyped path may be another program's database: nothing of it is changed. Code: storage-failed. */
const connect = (open: OpenSqlite, path: string): Result<SqliteDriver> => {
  const driver = open(path);
  try {
    driver.exec(PATIENCE);
    if (isForeign(driver)) {
      driver.close();
      return refuse('storage-failed', `${path} is a database of another program: name another file`);
    }
    driver.exec(PRAGMAS);
    return ok(driver);
  } catch (error) {
    driver.close();
    throw error;
  }
};

/**
 * Opens the database at `path` and brings it to this program's version. `openDriver` is for tests.
 * Codes: module-missing, storage-newer, storage-failed, storage-full, busy.
 */
export const openSqliteStore = async (path: string, openDriver?: OpenSqlite): Promise<Result<Store>> => {
  const loaded = openDriver === undefined ? await loadSqlite() : ok(openDriver);
  if (!loaded.ok) return loaded;
  const open = loaded.value;
  let writing: SqliteDriver | undefined;
  createPrivately(path);
  try {
    const first = connect(open, path);
    if (!first.ok) return first;
    writing = first.value;
    const migrated = migrate(writing, path);
    const second = migrated.ok ? connect(open, path) : migrated;
    if (second.ok) return ok(storeOver(writing, second.value, path));
    writing.close();
    return second;
  } catch (error) {
    writing?.close();
    return refusalOf(error, path);
  }
};

const storeOver = (writing: SqliteDriver, reading: SqliteDriver, path: string): Store => {
  const newest = prepareReader(writing);
  const snapshot = prepareReader(reading);
  const write = prepareWriter(writing);
  const writeTurns = takeTurns();
  const readTurns = takeTurns();
  let closed = false;

  const inside = async <T>(
    driver: SqliteDriver,
    begin: string,
    work: () => Promise<T>,
  ): Promise<Result<T>> => {
    if (closed) return refuse('storage-failed', `${path} is closed`);
    try {
      driver.exec(begin);
      const value = await work();
      driver.exec('COMMIT');
      return ok(value);
    } catch (error) {
      rollback(driver);
      return refusalOf(error, path);
    }
  };

  return {
    transact: (work) =>
      writeTurns(() =>
        inside(writing, 'BEGIN IMMEDIATE', async () => {
          const outcome = await work(newest);
          write(outcome.changes);
          return outcome.value;
        }),
      ),
    read: (work) => readTurns(() => inside(reading, 'BEGIN', () => work(snapshot))),
    check: () =>
      readTurns(async () => {
        try {
          const faults = reading.prepare('PRAGMA integrity_check(1)').all();
          const fault = faults[0]?.integrity_check;
          if (fault === 'ok') return ok(null);
          return refuse('storage-failed', `${path}: ${fault}; restore a backup`);
        } catch (error) {
          return refusalOf(error, path);
        }
      }),
    close: async () => {
      await Promise.all([writeTurns(async () => undefined), readTurns(async () => undefined)]);
      if (closed) return;
      closed = true;
      reading.close();
      writing.close();
    },
  };
};
