import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore } from '../../broker/settler/backup/backup.ts';
import type { Point } from '../../broker/settler/backup/point.ts';
import { restoreStore } from '../../broker/settler/backup/restore.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { type Refusal, refuse } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import { liveAll } from './audit-life.ts';
import { everything } from './backup-copy.ts';
import { runOn } from './commanded.ts';
import { crypto, houseOver, START_MS } from './parties.ts';

/** Two transactions of a restore, and some of a third. */
const DEPOSITS = 2100;

type Context = { folder: string; file: string; source: Store };
const again = suite<Context>('restore, begun again');

again.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-again-'));
  context.file = join(context.folder, 'settler.backup');
  context.source = openMemoryStore();
  await liveAll(context.source);
  const house = await houseOver(context.source);
  for (let i = 0; i < DEPOSITS; i++) await house.deposit(1, `MORE-${i}`);
  await house.settler.close();
  must(await backupStore(context.source, context.file, START_MS, crypto.sha256));
});
again.after(({ folder }) => rmSync(folder, { recursive: true }));

const restore = (store: Store, file: string, point: Point = {}) =>
  restoreStore(store, file, point, crypto.sha256);

/** The program dies before its n-th transaction; `reached` says whether it came so far. */
const dyingAt = (store: Store, n: number): { store: Store; reached: () => boolean } => {
  let transactions = 0;
  const gone: Refusal = refuse('storage-failed', 'the program is gone');
  const transact: Store['transact'] = async (work) => (++transactions >= n ? gone : store.transact(work));
  return { store: { ...store, transact }, reached: () => transactions >= n };
};

/** A database that a restore left half way, after so many transactions. */
const halfRestored = async (store: Store, file: string, n = 3): Promise<Store> => {
  assert.not((await restore(dyingAt(store, n).store, file)).ok);
  return store;
};

again('goes on to the same end, wherever it was cut off', async ({ file, source }) => {
  const expected = await everything(source);
  for (let n = 1; ; n++) {
    const store = openMemoryStore();
    const { store: dying, reached } = dyingAt(store, n);
    await restore(dying, file);
    if (!reached()) {
      assert.ok(n > 5, `only ${n} transactions`);
      break;
    }
    must(await restore(store, file));
    assert.equal(await everything(store), expected, `cut off at transaction ${n}`);
  }
});

again('says that it is done where it was cut off after its end', async ({ file }) => {
  const store = openMemoryStore();
  must(await restore(store, file));
  const second = await restore(store, file);
  assert.match(second.ok ? '' : second.detail, /^the database is restored to \d+ rows .* already: /);
});

again('is no other restore: neither to another point nor of another backup', async (context) => {
  const half = await halfRestored(openMemoryStore(), context.file);
  const point = await restore(half, context.file, { row: 5 });
  assert.match(point.ok ? '' : point.detail, /^the database is not empty: /);
  const stranger = openMemoryStore();
  const house = await houseOver(stranger);
  const { length } = must(await context.source.read((reader) => reader.head()));
  for (let i = 0; i < length; i++) await house.deposit(2, `OTHER-${i}`);
  await house.settler.close();
  const other = join(context.folder, 'other.backup');
  must(await backupStore(stranger, other, START_MS, crypto.sha256));
  const refused = await restore(half, other);
  assert.match(refused.ok ? '' : refused.detail, /^row 0 of the database is another than the backup's: /);
});

again('is what a half restored database asks for, whatever is wanted of it', async ({ folder, file }) => {
  const db = join(folder, 'half.db');
  const store = must(await openSqliteStore(db));
  await halfRestored(store, file);
  await store.close();
  for (const args of [
    'resume --accept notes',
    'verify',
    'balances',
    `backup --out ${join(folder, 'half')}`,
    `payout --out ${join(folder, 'payout.xml')}`,
  ])
    assert.is((await runOn(db, args)).code, 'config-invalid', args);
  assert.is((await runOn(db, `restore --from ${file}`)).code, '0');
  assert.is((await runOn(db, 'verify')).code, '0');
});

again.run();
