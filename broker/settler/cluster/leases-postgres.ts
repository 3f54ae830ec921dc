/** Leases of the workers that share a PostgreSQL database; its tables come with the store's. */

import { ok, type Result } from '../../../schemas/result.ts';
import { encodeArray } from '../store/postgres-arrays.ts';
import { type ConnectPostgres, connectPostgres, type PostgresLink } from '../store/postgres-driver.ts';
import { placeOf, refusalOf } from '../store/postgres-refusal.ts';
import { openSession } from '../store/postgres-session.ts';
import { allOf, rollback } from '../store/postgres-transaction.ts';
import type { SqlValue } from '../store/sql-rows.ts';
import { takeTurns } from '../store/turns.ts';
import {
  departure,
  type LeaseChanges,
  type LeaseView,
  type Member,
  renewal,
  type ShardLeases,
} from './leases.ts';

export type PostgresLeases = ShardLeases & { readonly close: () => Promise<void> };

export type LeaseOptions = {
  readonly connect?: ConnectPostgres;
  /** SQL that says the time in ms. Tests have a clock of their own. */
  readonly clock?: string;
};

/** After the lock, not when the transaction began: it may have waited. */
const CLOCK = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
/** Renewals wait for one another, and for nobody else: "tbleases" in ASCII, beside the lock of the store. */
const TAKE_LOCK = `SELECT pg_advisory_xact_lock(${0x7462_6c65_6173_6573n})`;
/** A renewal that comes later than this is worth no more than the next one. */
const RECONNECT_MS = 1000;

const PUT_WORKERS = `INSERT INTO worker (name, instance, expires_ms)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
  ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, expires_ms = excluded.expires_ms`;
const PUT_LEASES = `INSERT INTO shard_lease (shard, holder, epoch)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
  ON CONFLICT (shard) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch`;
const DELETE_WORKERS = 'DELETE FROM worker WHERE name = ANY($1::text[])';

/** The lock and what it guards, in one round trip. */
const beginAndView = async (link: PostgresLink, clock: string): Promise<LeaseView> => {
  const sent = [
    link.ask('BEGIN'),
    link.ask(TAKE_LOCK),
    link.ask(`SELECT ${clock} AS now_ms`),
    link.ask('SELECT name, instance, expires_ms FROM worker'),
    link.ask('SELECT shard, holder, epoch FROM shard_lease'),
  ] as const;
  await allOf(sent);
  const [now, workers, leases] = await Promise.all([sent[2], sent[3], sent[4]]);
  return {
    nowMs: Number(now.rows[0]!.now_ms),
    workers: workers.rows.map((row) => ({
      name: row.name as string,
      instance: row.instance as string,
      expiresMs: Number(row.expires_ms),
    })),
    leases: leases.rows.map((row) => ({
      shard: Number(row.shard),
      holder: row.holder as string | null,
      epoch: Number(row.epoch),
    })),
  };
};

const texts = (values: readonly (string | null)[]): SqlValue => encodeArray('text', values);
const counts = (values: readonly number[]): SqlValue => encodeArray('bigint', values.map(BigInt));

const writeAndCommit = (link: PostgresLink, { workers, gone, leases }: LeaseChanges): Promise<void> => {
  const put = (sql: string, rows: number, values: () => SqlValue[]) =>
    rows === 0 ? [] : [link.ask(sql, values())];
  return allOf([
    ...put(DELETE_WORKERS, gone.length, () => [texts(gone)]),
    ...put(PUT_WORKERS, workers.length, () => [
      texts(workers.map(({ name }) => name)),
      texts(workers.map(({ instance }) => instance)),
      counts(workers.map(({ expiresMs }) => expiresMs)),
    ]),
    ...put(PUT_LEASES, leases.length, () => [
      counts(leases.map(({ shard }) => shard)),
      texts(leases.map(({ holder }) => holder)),
      counts(leases.map(({ epoch }) => epoch)),
    ]),
    link.ask('COMMIT'),
  ]);
};

/**
 * For the worker `me`, on a database that a store was opened on. A renewal whose answer is lost is refused and may have
 * been written: the next one finds out.
 */
export const leasesOnPostgres = (
  url: string,
  me: Member,
  { connect = connectPostgres, clock = CLOCK }: LeaseOptions = {},
): PostgresLeases => {
  const session = openSession(() => connect(url));
  const turns = takeTurns();
  const alone = <T>(
    work: (view: LeaseView) => Result<{ changes: LeaseChanges; value: T }>,
  ): Promise<Result<T>> =>
    turns(async () => {
      let link: PostgresLink | undefined;
      try {
        link = await session.link(RECONNECT_MS);
        const worked = work(await beginAndView(link, clock));
        if (!worked.ok) {
          await rollback(link);
          return worked;
        }
        await writeAndCommit(link, worked.value.changes);
        return ok(worked.value.value);
      } catch (error) {
        if (link !== undefined) await rollback(link);
        return refusalOf(error, placeOf(url));
      }
    });
  return {
    renew: () =>
      alone((view) => {
        const renewed = renewal(view, me);
        return renewed.ok ? ok({ changes: renewed.value.changes, value: renewed.value.holding }) : renewed;
      }),
    release: () => alone((view) => ok({ changes: departure(view, me), value: null })),
    close: () => turns(session.close),
  };
};
