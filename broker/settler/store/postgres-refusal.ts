/** What went wrong in PostgreSQL, with the database, the server's words and the remedy. */

import { type Refusal, refuse } from '../../../schemas/result.ts';
import { type PostgresError, postgresCodeOf } from './postgres-driver.ts';

/** The database without the password that its URL may have. */
export const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
};

const remedyOf = (error: PostgresError): string => {
  if (error.sqlstate === '53100') return 'make room on its disk and try again';
  if (error.sqlstate === '25006') return 'it only answers questions: name the primary server';
  if (postgresCodeOf(error) === 'busy') return 'it has more to do than it can: try again';
  if (error.sqlstate?.startsWith('28')) return 'check the user, and the password in PGPASSWORD or ~/.pgpass';
  return 'check that the server runs, and its log';
};

/** A refusal that names the database, or the error itself where it is a programmer's. */
export const refusalOf = (error: unknown, place: string): Refusal => {
  const code = postgresCodeOf(error);
  if (code === undefined) throw error;
  const fault = error as PostgresError;
  return refuse(code, `${place}: ${fault.message}; nothing was written, ${remedyOf(fault)}`);
};
