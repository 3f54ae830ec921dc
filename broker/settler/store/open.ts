/** The store at a place: `postgres://…` is a PostgreSQL database, anything else the path of a file for SQLite. */

import type { Result } from '../../../schemas/result.ts';
import { openPostgresStore } from './postgres.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

export const isPostgres = (place: string): boolean => /^postgres(?:ql)?:\/\//.test(place);

/** Codes: those of both stores. Neither's driver is loaded before it is needed. */
export const openStore = (place: string): Promise<Result<Store>> =>
  isPostgres(place) ? openPostgresStore(place) : openSqliteStore(place);
