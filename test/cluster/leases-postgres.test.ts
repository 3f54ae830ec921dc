import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leasesOnPostgres } from '../../broker/settler/cluster/leases-postgres.ts';
import { openPostgresStore } from '../../broker/settler/store/postgres.ts';
import { postgresOrSkip } from '../settler/postgres.ts';
import { LEASE_MS, leasesConformance } from './leases-conformance.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

const leases = suite('shard leases on PostgreSQL, their own');

if (server !== undefined) {
  /** A database with the tables of a store. */
  const prepare = async (): Promise<string> => {
    const url = await server.create();
    const store = await openPostgresStore(url);
    assert.ok(store.ok, store.ok ? '' : store.detail);
    await store.value.close();
    return url;
  };

  leasesConformance('on PostgreSQL', async () => {
    const url = await prepare();
    await server.psql(
      'CREATE TABLE clock AS SELECT 1e12::bigint AS now_ms; GRANT SELECT ON clock TO settler',
      url,
    );
    const opened: { close: () => Promise<void> }[] = [];
    return {
      open: async (name, instance) => {
        const me = { name, instance, leaseMs: LEASE_MS };
        const leases = leasesOnPostgres(url, me, { clock: '(SELECT now_ms FROM clock)' });
        opened.push(leases);
        return leases;
      },
      elapse: async (ms) => void (await server.psql(`UPDATE clock SET now_ms = now_ms + ${ms}`, url)),
      remove: async () => void (await Promise.all(opened.map((one) => one.close()))),
    };
  });

  leases.after(() => server.stop());

  leases("go by the database's clock", async () => {
    const url = await prepare();
    const a = leasesOnPostgres(url, { name: 'a', instance: 'a-1', leaseMs: LEASE_MS });
    const before = Date.now();
    assert.ok((await a.renew()).ok);
    const expiresMs = Number(await server.psql('SELECT expires_ms FROM worker', url));
    // The server is on this machine, whose clock has not leapt.
    assert.ok(expiresMs >= before + LEASE_MS - 1 && expiresMs <= Date.now() + LEASE_MS + 1);
    await a.close();
  });

  leases('are refused while the database is away, and renewed once it is back', async () => {
    const url = await prepare();
    const a = leasesOnPostgres(url, { name: 'a', instance: 'a-1', leaseMs: LEASE_MS });
    assert.ok((await a.renew()).ok);
    await server.kill9();
    const refused = await a.renew();
    assert.ok(!refused.ok && refused.code === 'storage-failed');
    await server.start();
    const renewed = await a.renew();
    assert.ok(renewed.ok);
    assert.is(renewed.value.held.length, 256);
    assert.is(renewed.value.held[0]?.epoch, 1, 'they were never anybody else’s');
    await a.close();
  });
}

leases.run();
