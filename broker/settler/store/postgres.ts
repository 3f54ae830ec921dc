/**
 * The store on PostgreSQL. Any number of workers share a database: a transaction begins with one advisory lock, so it
 * sees the newest state and runs alone; readers wait for nobody (REPEATABLE READ, a connection of their own).
 *
 * Reads and writes of a transaction are sent without waiting for one another: it costs a round trip to get the
 * lock and what is asked for first, one for each later question, and one to write and commit.
 *
 * What becomes of a commit whose answer is lost: `postgres-transaction.ts`.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import {
  type ConnectPostgres,
  connectPostgres,
  isConnectionLost,
  type PostgresLink,
} from './postgres-driver.ts';
import { migratePostgres } from './postgres-migrate.ts';
import { placeOf, refusalOf } from './postgres-refusal.ts';
import { readerOf, sendChanges } from './postgres-rows.ts';
import { openSession, type PostgresSession } from './postgres-session.ts';
import { allOf, begin, rollback, settle, TAKE_LOCK_TO_WRITE } from './postgres-transaction.ts';
import type { Outcome, Reader, Store } from './store.ts';
import { takeTurns } from './turns.ts';

export type PostgresPatience = {
  /** A restart of the server may take so long before requests are refused. */
  readonly reconnectMs: number;
  /** So long is asked what became of a commit: a failover to a standby is over by then. */
  readonly settleMs: number;
};
const PATIENCE: PostgresPatience = { reconnectMs: 5000, settleMs: 30_000 };

export type PostgresOptions = {
  /** For tests. */
  readonly connect?: ConnectPostgres;
  readonly patience?: PostgresPatience;
};

/**
 * Opens the database at `url` and brings it to this program's version.
 * Codes: config-invalid (the URL), storage-newer, storage-failed, storage-full, busy.
 */
export const openPostgresStore = async (
  url: string,
  { connect = connectPostgres, patience = PATIENCE }: PostgresOptions = {},
): Promise<Result<Store>> => {
  if (!URL.canParse(url))
    return refuse('config-invalid', 'this is no URL of a database: write postgres://USER@HOST/DATABASE');
  const place = placeOf(url);
  const writer = openSession(() => connect(url));
  try {
    const migrated = await migratePostgres(await writer.link(0), place);
    if (migrated.ok)
      return ok(
        storeOver(
          writer,
          openSession(() => connect(url)),
          place,
          patience,
        ),
      );
    await writer.close();
    return migrated;
  } catch (error) {
    await writer.close();
    return refusalOf(error, place);
  }
};

const storeOver = (
  writer: PostgresSession,
  reader: PostgresSession,
  place: string,
  { reconnectMs, settleMs }: PostgresPatience,
): Store => {
  const writeTurns = takeTurns();
  const readTurns = takeTurns();
  let closed = false;

  const refusing = async <T>(work: () => Promise<Result<T>>): Promise<Result<T>> => {
    if (closed) return refuse('storage-failed', `${place} is closed`);
    try {
      return await work();
    } catch (error) {
      return refusalOf(error, place);
    }
  };

  const commit = async <T>(
    link: PostgresLink,
    xid: string,
    { changes, value }: Outcome<T>,
  ): Promise<Result<T>> => {
    try {
      await allOf([...sendChanges(link, changes), link.ask('COMMIT')]);
      return ok(value);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      const written = await settle(writer, changes, xid, settleMs);
      if (written === true) return ok(value);
      if (written === false) throw error;
      const open = 'it is not known whether the changes were written: ask again, nothing is written twice';
      return refuse('storage-failed', `${place}: ${(error as Error).message} during a commit; ${open}`);
    }
  };

  const transact = async <T>(work: (reader: Reader) => Promise<Outcome<T>>): Promise<Result<T>> => {
    const link = await writer.link(reconnectMs);
    const begun = begin(link, TAKE_LOCK_TO_WRITE);
    const working = work(readerOf(link));
    working.catch(() => undefined); // where the lock is not had, that is the reason to tell
    try {
      const { xid } = await begun;
      return await commit(link, xid as string, await working);
    } catch (error) {
      await rollback(link);
      throw error;
    }
  };

  const read = async <T>(work: (reader: Reader) => Promise<T>): Promise<Result<T>> => {
    const link = await reader.link(reconnectMs);
    const begun = link.ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const working = work(readerOf(link));
    working.catch(() => undefined);
    try {
      await begun;
      return ok(await working);
    } finally {
      await rollback(link);
    }
  };

  return {
    transact: (work) => writeTurns(() => refusing(() => transact(work))),
    read: (work) => readTurns(() => refusing(() => read(work))),
    check: () => readTurns(() => refusing(async () => checkServer(await reader.link(reconnectMs), place))),
    close: async () => {
      const closing = (session: PostgresSession) => async () => {
        closed = true;
        await session.close();
      };
      await Promise.all([writeTurns(closing(writer)), readTurns(closing(reader))]);
    },
  };
};

/** Settings under which a power cut loses what was answered, and pages that the server found damaged. */
const checkServer = async (link: PostgresLink, place: string): Promise<Result<null>> => {
  const [row] = (
    await link.ask(`SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
      (SELECT coalesce(sum(checksum_failures), 0)::bigint FROM pg_stat_database) AS damaged`)
  ).rows;
  if (row?.fsync !== 'on' || row.pages !== 'on')
    return refuse(
      'storage-failed',
      `${place}: fsync or full_page_writes is off: a power cut loses money; set both on`,
    );
  if (row.damaged !== 0n)
    return refuse('storage-failed', `${place}: ${row.damaged} pages are damaged; restore a backup`);
  return ok(null);
};
