/**
 * As much of PostgreSQL's protocol as the settler needs, over npm `pg`, which is loaded only where a
 * `postgres://` URL is given. Statements are sent without waiting for the answers to those before, and are
 * prepared once per connection. `bigint` and `bytea` arrive exact, as bigint and Uint8Array.
 *
 * Host, user, TLS and the like are as in any PostgreSQL program: in the URL or in PGHOST, PGUSER, PGSSLMODE…; the
 * password also in PGPASSWORD or in ~/.pgpass. Not through a pooler that shares one connection between
 * transactions: prepared statements and settings belong to a connection.
 */

import type { Code } from '../../../schemas/result.ts';
import { passwordFromFile } from './pgpass.ts';
import type { SqlRow, SqlValue } from './sql-rows.ts';

export type PostgresAnswer = {
  readonly rows: readonly SqlRow[] /** COMMIT, ROLLBACK, SELECT… */;
  readonly command: string;
};

export type PostgresLink = {
  /** One statement of a fixed text. Throws `PostgresError`. */
  readonly ask: (sql: string, values?: readonly SqlValue[]) => Promise<PostgresAnswer>;
  /** Several statements in one text, for migrations. */
  readonly script: (sql: string) => Promise<void>;
  readonly isLost: () => boolean;
  readonly close: () => Promise<void>;
};
export type ConnectPostgres = (url: string) => Promise<PostgresLink>;

/** `sqlstate` is null where the connection ended without a word of the server's. */
export class PostgresError extends Error {
  readonly sqlstate: string | null;
  constructor(message: string, sqlstate: string | null) {
    super(message);
    this.sqlstate = sqlstate;
  }
}

/**
 * How long a connection may take, and a statement until its answer; then the connection is given up. A batch
 * takes milliseconds, a page of `verify` less than a second.
 */
const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 30_000;
/** A writer waits this long for the other workers' transactions. */
const LOCK_TIMEOUT_MS = 8000;
/** A worker that stops in the middle of a transaction loses it, before those that wait for it give up. */
const IDLE_TIMEOUT_MS = 5000;

/** An answered commit is on the disk, and on a standby where the operator asks for that. */
const SETTINGS = `
  SET lock_timeout = ${LOCK_TIMEOUT_MS};
  SET idle_in_transaction_session_timeout = ${IDLE_TIMEOUT_MS};
  SET bytea_output = 'hex';
  SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');
`;

/** `pg_type.oid`; everything else that the settler reads is text. */
const BIGINT = 20;
const BYTEA = 17;
const parserOf = (oid: number) => {
  if (oid === BIGINT) return BigInt;
  if (oid === BYTEA) return (text: string) => Buffer.from(text.slice('\\x'.length), 'hex');
  return String;
};

/** A short name for each text: a prepared statement's own is cut at 63 bytes. The texts are fixed, so few. */
const names = new Map<string, string>();
const nameOf = (sql: string): string => {
  const name = names.get(sql) ?? `tb${names.size}`;
  names.set(sql, name);
  return name;
};

/** PostgreSQL's own errors have five characters of SQLSTATE (Appendix A of its manual); `pg` has its word on passwords. */
const asPostgresError = (error: unknown): PostgresError => {
  const { message, code, severity } = error as Error & { code?: unknown; severity?: unknown };
  if (message.startsWith('SASL:')) return new PostgresError(message, '28P01');
  return new PostgresError(message, severity !== undefined && typeof code === 'string' ? code : null);
};

export const connectPostgres: ConnectPostgres = async (url) => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    fallback_application_name: 'tollbridge',
    types: { getTypeParser: parserOf as never },
  });
  // pg would look into the file as well, and print that it is not going to one day.
  client.password ??= passwordFromFile({
    ...client,
    database: client.database ?? '',
    user: client.user ?? '',
  });
  let lost = false;
  const lose = (): void => {
    lost = true;
  };
  client.on('error', lose).on('end', lose);
  const answerOf = async (query: object): Promise<PostgresAnswer> => {
    try {
      return await client.query(query as { text: string });
    } catch (error) {
      throw asPostgresError(error);
    }
  };
  const close = (): Promise<void> => client.end().catch(lose);
  try {
    await client.connect();
    await client.query(SETTINGS);
  } catch (error) {
    await close();
    throw asPostgresError(error);
  }
  return {
    ask: (text, values = []) => answerOf({ name: nameOf(text), text, values }),
    script: async (text) => void (await answerOf({ text })),
    isLost: () => lost,
    close,
  };
};

/**
 * Did the connection end, so that nobody knows from this error what the server did with what it was sent? Connection
 * exceptions; the server's shutdown, crash and start; its patience with an idle session or transaction.
 */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof PostgresError &&
  (error.sqlstate === null || /^(?:08...|57P0[1235]|25P03)$/.test(error.sqlstate));

/** No room; too many connections; a lock not had in time, a deadlock, a serialization failure, a cancelled statement. */
const CODES: { readonly [sqlstate: string]: Code } = {
  '53100': 'storage-full',
  '53300': 'busy',
  '55P03': 'busy',
  '40P01': 'busy',
  '40001': 'busy',
  '57014': 'busy',
};
/** Authorization, transactions (a read-only one), resources, operators, the system, broken data; no such database or right. */
const FAILED = /^(?:28|25|53|57|58|XX|3D000|42501)/;

/** What went wrong in the database, or undefined where it is a programmer's error, such as a broken constraint. */
export const postgresCodeOf = (error: unknown): Code | undefined => {
  if (!(error instanceof PostgresError)) return undefined;
  if (isConnectionLost(error)) return 'storage-failed';
  return CODES[error.sqlstate!] ?? (FAILED.test(error.sqlstate!) ? 'storage-failed' : undefined);
};
