import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPostgresStore } from '../../broker/settler/store/postgres.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { must } from '../world/deal.ts';
import { houseOver, OTHER } from './parties.ts';
import { postgresOrSkip } from './postgres.ts';
import { dieForever, dieOnce } from './postgres-deaths.ts';
import { checkAcknowledged, prepare, startChild } from './rivals.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

const openStore = async (url: string): Promise<Store> => must(await openPostgresStore(url));

const crash = suite<{ url: string }>('settler on PostgreSQL and crashes');

if (server !== undefined) {
  crash.before.each(async (context) => {
    context.url = await server.create();
  });
  crash.after(() => server.stop());

  crash('at any write of a day lose nothing acknowledged and repeat nothing', ({ url }) =>
    dieForever(server, url, 'before'),
  );

  crash('that take the answer of a commit are not noticed: it is found to be done', ({ url }) =>
    dieOnce(server, url, 'after'),
  );

  crash('of the server under load lose no claim and book none twice', async ({ url }) => {
    await prepare(url, 1000);
    const children = [startChild(url, 1, 400), startChild(url, 2, 400)];
    for (const receipts of [20, 150]) {
      await Promise.all(children.map((child) => child.heard(receipts)));
      await server.kill9();
      await server.start();
    }
    assert.equal(await Promise.all(children.map((child) => child.ended)), [0, 0]);
    await checkAcknowledged(url, new Map(children.flatMap((child) => [...child.acknowledged])));
  });

  crash('of a settler under load keep what it acknowledged', async ({ url }) => {
    await prepare(url, 1000);
    const child = startChild(url, 1, 100_000);
    await child.heard(100);
    child.kill();
    await child.ended;
    await checkAcknowledged(url, child.acknowledged);
  });

  crash('and rivals: two settlers race for the same claims, each is booked once', async ({ url }) => {
    await prepare(url, 1000);
    // The same channels and the same evidence from both.
    const children = [startChild(url, 1, 100), startChild(url, 1, 100)];
    assert.equal(await Promise.all(children.map((child) => child.ended)), [0, 0]);
    const [one, two] = children.map((child) => [...child.acknowledged].toSorted());
    assert.equal(one, two);
    await checkAcknowledged(url, new Map(one));
    const store = await openStore(url);
    const rows = must(await store.read((reader) => reader.rowsUnder('claim/', 1000)));
    assert.is(rows.length, 4 * 25);
    await store.close();
  });

  crash('of nobody, but two settlers with different keys: the second is refused', async ({ url }) => {
    const store = await openStore(url);
    const house = await houseOver(store);
    const other = await houseOver(store, {}, { root: OTHER.key }).catch((error: Error) => error.message);
    assert.match(String(other), /the database is of settler/);
    await house.settler.close();
    await store.close();
  });
}

crash.run();
