import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { loadSqlite, type OpenSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { must } from '../world/deal.ts';
import { DAY, endOf, liveDay } from './day.ts';
import { dyingAt } from './dying.ts';
import { crypto } from './parties.ts';
import { checkAcknowledged, prepare, startChild } from './rivals.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const openSqlite = must(await loadSqlite());

type Context = { path: string; folder: string };
const crash = suite<Context>('settler and crashes');
crash.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-crash-'));
  context.path = join(context.folder, 'settler.db');
});
crash.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const openStore = async (path: string, driver?: OpenSqlite): Promise<Store> => {
  const opened = await openSqliteStore(path, driver);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value;
};

crash('at any write of a day lose nothing acknowledged and repeat nothing', async ({ folder }) => {
  const undisturbed = dyingAt(openSqlite, Number.POSITIVE_INFINITY);
  const calm = await openStore(join(folder, 'calm.db'), undisturbed.open);
  await liveDay(calm);
  const writes = undisturbed.writes();
  const expected = await endOf(calm);
  await calm.close();
  assert.ok(writes > 60, `only ${writes} writes`);
  for (let n = 1; n <= writes; n++) {
    const path = join(folder, `${n}.db`);
    const dying = await openSqliteStore(path, dyingAt(openSqlite, n).open);
    if (dying.ok) {
      let acknowledged = 0;
      while (acknowledged < DAY.length && (await DAY[acknowledged]!(dying.value))) acknowledged++;
      assert.ok(acknowledged < DAY.length, `write ${n} was never reached`);
      await dying.value.close();
    }
    const again = await openStore(path);
    const verified = await verifyStore(again, crypto.sha256);
    assert.ok(verified.ok, `after write ${n}`);
    await liveDay(again);
    assert.equal(await endOf(again), expected, `after write ${n}`);
    await again.close();
    rmSync(path);
  }
});

crash('with kill -9 during commits keep what was acknowledged', async ({ path }) => {
  await prepare(path, 1000);
  for (const [number, receipts] of [
    [1, 3],
    [2, 150],
  ] as const) {
    const child = startChild(path, number, 100_000);
    await child.heard(receipts);
    child.kill();
    await child.ended;
    assert.ok(child.acknowledged.size > 0);
    await checkAcknowledged(path, child.acknowledged);
  }
});

crash('and rivals: two settlers on one database take turns and never overdraw', async ({ path }) => {
  // Enough for 6 of the 8 channels that the two want to open.
  await prepare(path, 30);
  const children = [startChild(path, 1, 60), startChild(path, 2, 60)];
  assert.equal(await Promise.all(children.map((child) => child.ended)), [0, 0]);
  const acknowledged = new Map(children.flatMap((child) => [...child.acknowledged]));
  assert.is(acknowledged.size, 6);
  await checkAcknowledged(path, acknowledged);
});
crash.run();
