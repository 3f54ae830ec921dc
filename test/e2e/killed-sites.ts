/** Places to live a settler's day again and again from the same books, on SQLite and on PostgreSQL. */

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../broker/settler/store/open.ts';
import type { Postgres } from '../settler/postgres.ts';
import { must } from '../world/deal.ts';
import { prepare, type Sites } from './killed-day.ts';
import { layOut, type Size } from './killed-market.ts';

const layOutAt = async (place: string, size: Size): Promise<string> => {
  const store = must(await openStore(place));
  const deposits = await layOut(store, size);
  await store.close();
  return deposits;
};

export const sitesOnSqlite = async (folder: string, size: Size): Promise<Sites> => {
  const books = join(folder, 'books.db');
  const deposits = await layOutAt(books, size);
  return async (name) => {
    const own = join(folder, name);
    mkdirSync(own);
    const site = { db: join(own, 'settler.db'), other: join(own, 'other.db'), folder: own, watched: [own] };
    copyFileSync(books, site.db);
    prepare(site, deposits);
    return site;
  };
};

/** Databases of their own, copied by the server; its log is what every write is in. */
export const sitesOnPostgres = async (server: Postgres, folder: string, size: Size): Promise<Sites> => {
  const books = await server.create();
  const deposits = await layOutAt(books, size);
  const log = join(await server.psql('SHOW data_directory'), 'pg_wal');
  const at = (database: string, schema?: string): string => {
    const url = new URL(books);
    url.pathname = database;
    if (schema !== undefined) url.searchParams.set('options', `-csearch_path=${schema}`);
    return url.href;
  };
  return async (name) => {
    const own = join(folder, name);
    mkdirSync(own);
    // A database is copied while nobody is connected to it.
    await server.psql(`CREATE DATABASE ${name} TEMPLATE postgres`, at('template1'));
    await server.psql('CREATE SCHEMA other AUTHORIZATION settler', at(name));
    const site = { db: at(name), other: at(name, 'other'), folder: own, watched: [own, log] };
    prepare(site, deposits);
    return site;
  };
};
