/** Brings a PostgreSQL database to this program's version. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { PostgresLink } from './postgres-driver.ts';
import { begin, rollback, TAKE_LOCK } from './postgres-transaction.ts';
import { MIGRATIONS, POSTGRES } from './schema.ts';

const versionOf = async (link: PostgresLink): Promise<number> => {
  const [table] = (await link.ask(`SELECT to_regclass('meta')::text AS name`)).rows;
  if (table?.name === null) {
    await link.script(`CREATE TABLE meta (name ${POSTGRES.text} PRIMARY KEY, value TEXT NOT NULL)`);
    return 0;
  }
  const [row] = (await link.ask(`SELECT value FROM meta WHERE name = 'schema-version'`)).rows;
  return row === undefined ? 0 : Number(row.value);
};

/** Several programs may start at once: the lock lets one migrate, and the others find it done. */
export const migratePostgres = async (link: PostgresLink, place: string): Promise<Result<null>> => {
  try {
    await begin(link, TAKE_LOCK);
    const version = await versionOf(link);
    if (version > MIGRATIONS.length) {
      await rollback(link);
      const versions = `is of version ${version}, this program knows up to ${MIGRATIONS.length}`;
      return refuse('storage-newer', `${place} ${versions}: run a newer program, or restore an older backup`);
    }
    for (const step of MIGRATIONS.slice(version)) await link.script(step(POSTGRES));
    if (version < MIGRATIONS.length) {
      const values = ['schema-version', String(MIGRATIONS.length)];
      await link.ask(`DELETE FROM meta WHERE name = 'schema-version'`);
      await link.ask('INSERT INTO meta (name, value) VALUES ($1, $2)', values);
    }
    await link.ask('COMMIT');
    return ok(null);
  } catch (error) {
    await rollback(link);
    throw error;
  }
};
