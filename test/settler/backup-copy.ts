/** Everything that is stored, to compare a database with what was restored from it. */

import { allRows, type Store } from '../../broker/settler/store/store.ts';
import { TABLE_NAMES } from '../../broker/settler/store/tables.ts';
import { must } from '../world/deal.ts';

/** What a database says of itself, which a restore writes anew. */
const OF_DATABASE = new Set([
  'schema-version',
  'home',
  'intake',
  'finality',
  'stale',
  'restoring',
  'snapshot',
  'time',
]);

export const everything = async (store: Store): Promise<object> =>
  must(
    await store.read(async (reader) => {
      const tables: Record<string, unknown[]> = { journal: [...(await reader.journal(0, 100_000))] };
      for (const table of TABLE_NAMES) {
        const rows: unknown[] = [];
        for await (const row of allRows(reader, table)) {
          if (table !== 'meta' || !('name' in row) || !OF_DATABASE.has(row.name)) rows.push(row);
        }
        tables[table] = rows;
      }
      return tables;
    }),
  );
