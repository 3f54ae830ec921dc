import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { openPostgresStore } from '../../../broker/settler/store/postgres.ts';
import { openSqliteStore } from '../../../broker/settler/store/sqlite.ts';
import { loadSqlite } from '../../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { dyingAt } from '../dying.ts';
import { postgresOrSkip } from '../postgres.ts';
import { DAY, liveDay, liveUntilDeath } from './bank-day.ts';
import { sure } from './reading.ts';
import { openBooks } from './treasurer.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const openSqlite = sure(await loadSqlite());
const server = await postgresOrSkip();

/** Deaths are played, so memory will do for a disk: synced for real, all of them would take minutes. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const inMemory = async (): Promise<unknown> => {
  const store = openMemoryStore();
  await openBooks(store);
  return liveDay(store);
};

const liveTwice = async (store: Store): Promise<void> => {
  const expected = await inMemory();
  await openBooks(store);
  assert.equal(await liveDay(store), expected);
  assert.equal(await liveDay(store), expected);
  await store.close();
};

const day = suite<{ folder: string }>('a day with banks');
day.before.each((context) => {
  context.folder = mkdtempSync(join(PLACE, 'tb-bank-day-'));
});
day.after.each(({ folder }) => rmSync(folder, { recursive: true }));
if (server !== undefined) day.after(() => server.stop());

day('ends alike in memory and on SQLite, lived once and again', async ({ folder }) => {
  await liveTwice(openMemoryStore());
  await liveTwice(sure(await openSqliteStore(join(folder, 'day.db'))));
});

if (server !== undefined) {
  day('ends alike on PostgreSQL', async () => {
    await liveTwice(sure(await openPostgresStore(await server.create())));
  });
}

day(
  'that ends at any write of it is lived again: nothing is lost, nothing is repeated',
  async ({ folder }) => {
    const expected = await inMemory();
    const morning = join(folder, 'morning.db');
    const prepared = sure(await openSqliteStore(morning));
    await openBooks(prepared);
    await prepared.close();
    const openAt = async (name: string, n: number) => {
      const path = join(folder, name);
      copyFileSync(morning, path);
      const dying = dyingAt(openSqlite, n);
      return { path, store: sure(await openSqliteStore(path, dying.open)), writes: dying.writes };
    };
    const calm = await openAt('calm.db', Number.POSITIVE_INFINITY);
    const opening = calm.writes();
    assert.is(await liveUntilDeath(calm.store), DAY.length);
    const writes = calm.writes();
    assert.equal(await liveDay(calm.store), expected);
    await calm.store.close();
    assert.ok(writes - opening > 100, `only ${writes} writes`);
    for (let n = opening + 1; n <= writes; n++) {
      const { path, store } = await openAt(`${n}.db`, n);
      assert.ok((await liveUntilDeath(store)) < DAY.length, `write ${n} of ${writes} was never reached`);
      await store.close();
      const again = sure(await openSqliteStore(path));
      assert.equal(await liveDay(again), expected, `after write ${n}`);
      await again.close();
      rmSync(path);
    }
  },
);
day.run();
