/**
 * Transactions on PostgreSQL that one worker at a time has.
 *
 * **A commit whose answer is lost** is in the database or is not, and `transact` may say neither before it knows.
 * It connects again and takes the lock, which waits until the lost transaction has ended; then the last row of the
 * journal that it wrote is there with its hash, or it is not. (A transaction that wrote no journal row is asked for
 * by its number: `pg_xact_status`. The journal is the better witness: also a standby that has taken over without
 * the last transactions tells the truth by it, while it gives their numbers to others.) Only where the server
 * stays away is the outcome left open: the refusal says so, and repeating is safe because `journal.key` is unique.
 */

import { equalBytes } from '../../../schemas/bytes.ts';
import { type PostgresLink, postgresCodeOf } from './postgres-driver.ts';
import { delay, type PostgresSession } from './postgres-session.ts';
import type { SqlRow } from './sql-rows.ts';
import type { Changes } from './store.ts';

/** Of this program among the advisory locks of a database: "tollbrid" in ASCII, as a 64-bit integer. */
const LOCK = 0x746f_6c6c_6272_6964n;
export const TAKE_LOCK = `SELECT pg_advisory_xact_lock(${LOCK})`;
export const TAKE_LOCK_TO_WRITE = `${TAKE_LOCK}, pg_current_xact_id()::text AS xid`;

/** Between two attempts at the outcome of a commit. */
const SETTLE_RETRY_MS = 50;

/** The first that failed says why; those behind it failed because of it. */
export const allOf = async (sent: readonly Promise<unknown>[]): Promise<void> => {
  for (const outcome of await Promise.allSettled(sent))
    if (outcome.status === 'rejected') throw outcome.reason;
};

export const rollback = async (link: PostgresLink): Promise<void> => {
  // Where the connection is lost the server rolls back by itself.
  await link.ask('ROLLBACK').catch(() => undefined);
};

/** One transaction with the lock; what is asked meanwhile is sent behind. Answers with the row of `lock`. */
export const begin = async (link: PostgresLink, lock: string): Promise<SqlRow> => {
  const begun = link.ask('BEGIN');
  const locked = link.ask(lock);
  await allOf([begun, locked]);
  return (await locked).rows[0]!;
};

/** Is the transaction that was lost in its commit in the database? It has ended: we have the lock. */
const isWritten = async (link: PostgresLink, changes: Changes, xid: string): Promise<boolean> => {
  const last = changes.journal?.at(-1);
  if (last === undefined) {
    const [row] = (await link.ask('SELECT pg_xact_status($1::xid8) AS status', [xid])).rows;
    return row?.status === 'committed';
  }
  const [row] = (await link.ask('SELECT hash FROM journal WHERE idx = $1', [BigInt(last.index)])).rows;
  return row !== undefined && equalBytes(row.hash as Uint8Array, last.hash);
};

/** undefined: the server stays away, nobody knows. */
export const settle = async (
  writer: PostgresSession,
  changes: Changes,
  xid: string,
  settleMs: number,
): Promise<boolean | undefined> => {
  const untilMs = performance.now() + settleMs;
  while (performance.now() < untilMs) {
    try {
      const link = await writer.link(untilMs - performance.now());
      try {
        await begin(link, TAKE_LOCK);
        return await isWritten(link, changes, xid);
      } finally {
        await rollback(link);
      }
    } catch (error) {
      if (postgresCodeOf(error) === undefined) throw error;
      await delay(SETTLE_RETRY_MS);
    }
  }
  return undefined;
};
