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
  const session = openSession(() => connect(url));
  try {
    const migrated = await migratePostgres(await session.link(0), place);
    if (migrated.ok)
      return ok(
        storeOver(
          { session, place, patience },
          openSession(() => connect(url)),
        ),
      );
    await session.close();
    return migrated;
  } catch (error) {
    await session.close();
    return refusalOf(error, place);
  }
};

type Writer = {
  readonly session: PostgresSession;
  readonly place: string;
  readonly patience: PostgresPatience;
};

const commit = async <T>(
  { session, place, patience }: Writer,
  link: PostgresLink,
  xid: string,
  { changes, value }: Outcome<T>,
): Promise<Result<T>> => {
  try {
    await allOf([...sendChanges(link, changes), link.ask('COMMIT')]);
    return ok(value);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
    const written = await settle(session, changes, xid, patience.settleMs);
    if (written === true) return ok(value);
    if (written === false) throw error;
    const open = 'it is not known whether the changes were written: ask again, nothing is written twice';
    return refuse('storage-failed', `${place}: ${(error as Error).message} during a commit; ${open}`);
  }
};

const transact = async <T>(
  writer: Writer,
  work: (reader: Reader) => Promise<Outcome<T>>,
): Promise<Result<T>> => {
  const link = await writer.session.link(writer.patience.reconnectMs);
  const begun = begin(link, TAKE_LOCK_TO_WRITE);
  const working = work(readerOf(link));
  working.catch(() => undefined); // where the lock is not had, that is the reason to tell
  try {
    const { xid } = await begun;
    return await commit(writer, link, xid as string, await working);
  } catch (error) {
    await rollback(link);
    throw error;
  }
};

const read = async <T>(link: PostgresLink, work: (reader: Reader) => Promise<T>): Promise<Result<T>> => {
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

const storeOver = (writer: Writer, reader: PostgresSession): Store => {
  const { place, patience } = writer;
  const writeTurns = takeTurns();
  const readTurns = takeTurns();
  const reading = () => reader.link(patience.reconnectMs);
  let closed = false;

  const refusing = async <T>(work: () => Promise<Result<T>>): Promise<Result<T>> => {
    if (closed) return refuse('storage-failed', `${place} is closed`);
    try {
      return await work();
    } catch (error) {
      return refusalOf(error, place);
    }
  };
  const closing = (session: PostgresSession) => async () => {
    closed = true;
    await session.close();
  };

  return {
    transact: (work) => writeTurns(() => refusing(() => transact(writer, work))),
    read: (work) => readTurns(() => refusing(async () => read(await reading(), work))),
    check: () => readTurns(() => refusing(async () => checkServer(await reading(), place))),
    close: async () => {
      await Promise.all([writeTurns(closing(writer.session)), readTurns(closing(reader))]);
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
