/** A settler's day on PostgreSQL whose connection dies at any of its writes. */

import * as assert from 'uvu/assert';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openPostgresStore } from '../../broker/settler/store/postgres.ts';
import {
  type ConnectPostgres,
  connectPostgres,
  PostgresError,
} from '../../broker/settler/store/postgres-driver.ts';
import { TABLE_NAMES } from '../../broker/settler/store/tables.ts';
import { must } from '../world/deal.ts';
import { DAY, endOf, liveDay } from './day.ts';
import { crypto } from './parties.ts';
import type { Postgres } from './postgres.ts';

const isWrite = (sql: string): boolean => /^(?:INSERT|DELETE|COMMIT)/.test(sql);
const isCommit = (sql: string): boolean => sql === 'COMMIT';

/** Before the n-th write is done, or after the n-th commit is done but before its answer is heard. */
export type When = 'before' | 'after';
/** The server is away from then on, until the store is opened again; or only that connection is gone. */
type Death = { readonly n: number; readonly when: When; readonly forever: boolean };

/**
 * Connections of a settler whose backend is terminated. Whatever was sent behind the n-th arrives too late, as it
 * would.
 */
const dyingAt = (url: string, { n, when, forever }: Death) => {
  const counts = when === 'before' ? isWrite : isCommit;
  let seen = 0;
  const connect: ConnectPostgres = async () => {
    if (seen >= n && forever) throw new PostgresError('connect ECONNREFUSED', null);
    const link = await connectPostgres(url);
    const killer = await connectPostgres(url);
    const pid = String((await link.ask('SELECT pg_backend_pid()::text AS pid')).rows[0]!.pid);
    const kill = async (): Promise<void> => {
      await killer.ask('SELECT pg_terminate_backend($1::int)', [pid]);
      while (!link.isLost()) await new Promise((resolve) => setImmediate(resolve));
    };
    let killed: Promise<unknown> | undefined;
    return {
      ...link,
      ask: (sql, values) => {
        if (killed !== undefined) return killed.then(() => link.ask(sql, values));
        if (!counts(sql) || ++seen !== n) return link.ask(sql, values);
        killed = when === 'before' ? kill() : link.ask(sql, values).then(kill, kill);
        return killed.then(() => link.ask(sql, values));
      },
      close: async () => {
        await Promise.all([link.close(), killer.close()]);
      },
    };
  };
  return { connect, seen: () => seen };
};

const openStore = async (url: string) => must(await openPostgresStore(url));

/** As empty as after its first opening. To make all tables anew would take 200 ms. */
const clear = async (server: Postgres, url: string): Promise<void> => {
  const others = ['journal', ...TABLE_NAMES.filter((table) => table !== 'meta')];
  const deletes = others.map((table) => `DELETE FROM ${table};`).join(' ');
  const settings = `DELETE FROM meta WHERE name <> 'schema-version'`;
  await server.psql(`SET session_replication_role = replica; ${deletes} ${settings}`, url);
};

/** An undisturbed day: how often it may die, and what is stored at its end. */
const calmDay = async (url: string, when: When) => {
  await (await openStore(url)).close();
  const calm = dyingAt(url, { n: Number.POSITIVE_INFINITY, when, forever: true });
  const store = must(await openPostgresStore(url, { connect: calm.connect }));
  await liveDay(store);
  const end = await endOf(store);
  await store.close();
  assert.ok(calm.seen() > 20, `only ${calm.seen()} places to die`);
  return { deaths: calm.seen(), end };
};

/** After each death another settler lives the whole day again: nothing acknowledged is lost, nothing is repeated. */
export const dieForever = async (server: Postgres, url: string, when: When): Promise<void> => {
  const { deaths, end } = await calmDay(url, when);
  for (let n = 1; n <= deaths; n++) {
    await clear(server, url);
    const { connect } = dyingAt(url, { n, when, forever: true });
    const patience = { reconnectMs: 0, settleMs: 20 };
    const dying = await openPostgresStore(url, { connect, patience });
    if (dying.ok) {
      let acknowledged = 0;
      while (acknowledged < DAY.length && (await DAY[acknowledged]!(dying.value))) acknowledged++;
      assert.ok(acknowledged < DAY.length, `${n} was never reached`);
      await dying.value.close();
    }
    const again = await openStore(url);
    assert.ok((await verifyStore(again, crypto.sha256)).ok, `after ${n}`);
    await liveDay(again);
    assert.equal(await endOf(again), end, `after ${n}`);
    await again.close();
  }
};

/** The same settler goes on, repeating what was refused; an answer that was lost is found, so nothing is refused. */
export const dieOnce = async (server: Postgres, url: string, when: When): Promise<void> => {
  const { deaths, end } = await calmDay(url, when);
  for (let n = 1; n <= deaths; n++) {
    await clear(server, url);
    const { connect } = dyingAt(url, { n, when, forever: false });
    const opened = await openPostgresStore(url, { connect });
    const store = opened.ok ? opened.value : must(await openPostgresStore(url, { connect }));
    let refused = opened.ok ? 0 : 1;
    for (const step of DAY) while (!(await step(store))) refused++;
    assert.is(refused, when === 'before' || n === 1 ? 1 : 0, `after ${n}`);
    assert.equal(await endOf(store), end, `after ${n}`);
    await store.close();
  }
};
