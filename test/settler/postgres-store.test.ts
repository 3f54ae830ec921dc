import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { run } from '../../broker/settler/command.ts';
import type { JournalRow } from '../../broker/settler/ledger/journal.ts';
import { openPostgresStore, type PostgresOptions } from '../../broker/settler/store/postgres.ts';
import {
  type ConnectPostgres,
  connectPostgres,
  PostgresError,
  type PostgresLink,
} from '../../broker/settler/store/postgres-driver.ts';
import type { Changes, Store } from '../../broker/settler/store/store.ts';
import { didKey } from '../../schemas/identity.ts';
import type { Result } from '../../schemas/result.ts';
import { houseOver } from './parties.ts';
import { postgresOrSkip } from './postgres.ts';
import { storeConformance } from './store-conformance.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

const openStore = async (url: string, options?: PostgresOptions): Promise<Store> => {
  const opened = await openPostgresStore(url, options);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value;
};

/** A connection that does something else at the `nth` statement that begins so. */
const intercepting =
  (
    start: string,
    nth: number,
    instead: (link: PostgresLink, sql: string) => Promise<never>,
  ): ConnectPostgres =>
  async (url) => {
    const link = await connectPostgres(url);
    let seen = 0;
    return {
      ...link,
      ask: (sql, values) =>
        sql.startsWith(start) && ++seen === nth ? instead(link, sql) : link.ask(sql, values),
    };
  };

/** Once: later connections are as they should be. */
const first = (strange: ConnectPostgres): ConnectPostgres => {
  let connections = 0;
  return (url) => (connections++ === 0 ? strange(url) : connectPostgres(url));
};

const setting =
  (sql: string): ConnectPostgres =>
  async (url) => {
    const link = await connectPostgres(url);
    await link.script(sql);
    return link;
  };

const FACT: Changes = { put: { meta: [{ name: 'fact', value: '1' }] } };
/** As far as a store looks into it. */
const ROW: JournalRow = {
  index: 0,
  timeMs: 1000,
  key: 'deposit/r',
  bytes: new Uint8Array([1, 2, 3]),
  hash: new Uint8Array(32).fill(7),
};
const BOOKED: Changes = { journal: [ROW] };

const write = (store: Store, changes: Changes): Promise<Result<null>> =>
  store.transact(async () => ({ changes, value: null }));
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);

/** What of the two is stored. */
const stored = async (url: string): Promise<{ fact: boolean; row: boolean }> => {
  const store = await openStore(url);
  const read = await store.read(async (reader) => ({
    fact: (await reader.get('meta', [['fact']])).length > 0,
    row: (await reader.head()).length > 0,
  }));
  await store.close();
  if (!read.ok) throw new Error(read.detail);
  return read.value;
};

const postgres = suite<{ url: string }>('store on PostgreSQL, its own');

if (server !== undefined) {
  storeConformance('PostgreSQL', async () => {
    const url = await server.create();
    return { open: () => openStore(url), durable: true, remove: async () => undefined };
  });

  postgres.before.each(async (context) => {
    context.url = await server.create();
  });
  postgres.after(() => server.stop());

  postgres('refuses a newer database and names both versions', async ({ url }) => {
    await (await openStore(url)).close();
    await server.psql(`UPDATE meta SET value = '77' WHERE name = 'schema-version'`, url);
    const refused = await openPostgresStore(url);
    assert.is(codeOf(refused), 'storage-newer');
    assert.match(refused.ok ? '' : refused.detail, /of version 77, this program knows up to \d/);
  });

  postgres('lets any number of programs start at once on an empty database', async ({ url }) => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(url)));
    const written = await Promise.all(stores.map((store) => write(store, FACT)));
    assert.equal(written.map(codeOf), ['ok', 'ok', 'ok', 'ok', 'ok']);
    await Promise.all(stores.map((store) => store.close()));
  });

  postgres('refuses what is no database, without its password', async ({ url }) => {
    const missing = await openPostgresStore(
      url.replace('settler@', 'settler:secret@').replace('/postgres?', '/nowhere?'),
    );
    assert.is(codeOf(missing), 'storage-failed');
    assert.not.match(missing.ok ? '' : missing.detail, /secret/);
    assert.is(codeOf(await openPostgresStore('postgres://')), 'storage-failed');
    assert.is(codeOf(await openPostgresStore('postgres:// no')), 'config-invalid');
  });

  postgres('keeps its journal append-only, whoever asks', async ({ url }) => {
    const store = await openStore(url);
    assert.is(codeOf(await write(store, BOOKED)), 'ok');
    for (const sql of ['DELETE FROM journal', `UPDATE journal SET key = 'j'`, 'TRUNCATE journal CASCADE']) {
      const refused = await server.psql(sql, url).catch((error: Error) => error.message);
      assert.match(refused, /append-only/);
    }
    const overdrawn = { put: { balance: [{ account: 'deposit/x', currency: 'EUR', nano: -1n }] } };
    const thrown = await write(store, overdrawn).catch((error: unknown) => error);
    assert.instance(thrown, PostgresError);
    assert.is(codeOf(await write(store, FACT)), 'ok', 'and goes on');
    await store.close();
  });

  postgres('answers a read-only database as one, and reads it', async ({ url }) => {
    await (await openStore(url)).close();
    const store = await openStore(url, { connect: setting('SET default_transaction_read_only = on') });
    const refused = await write(store, FACT);
    assert.is(codeOf(refused), 'storage-failed');
    assert.match(refused.ok ? '' : refused.detail, /read-only.*primary/);
    assert.is(codeOf(await store.read((reader) => reader.head())), 'ok');
    await store.close();
  });

  postgres('answers storage-full when the disk is, and works again afterwards', async ({ url }) => {
    const full = async (link: PostgresLink) => {
      await link.ask('SELECT 1/0').catch(() => undefined); // the transaction is broken on the server as well
      throw new PostgresError('could not extend file "base/1/2": No space left on device', '53100');
    };
    const store = await openStore(url, { connect: intercepting('INSERT INTO journal', 1, full) });
    const refused = await write(store, { ...FACT, ...BOOKED });
    assert.is(codeOf(refused), 'storage-full');
    assert.equal(await stored(url), { fact: false, row: false });
    assert.is(codeOf(await write(store, { ...FACT, ...BOOKED })), 'ok');
    await store.close();
  });

  postgres('says busy where another writer keeps the lock', async ({ url }) => {
    const store = await openStore(url);
    const impatient = await openStore(url, { connect: setting('SET lock_timeout = 20') });
    const kept = await store.transact(async (reader) => {
      await reader.head();
      assert.is(codeOf(await write(impatient, FACT)), 'busy');
      return { changes: {}, value: null };
    });
    assert.ok(kept.ok);
    assert.is(codeOf(await write(impatient, FACT)), 'ok');
    await Promise.all([store.close(), impatient.close()]);
  });

  postgres('takes the lock from a writer that stopped in the middle', async ({ url }) => {
    const stalled = await openStore(url, {
      connect: first(setting('SET idle_in_transaction_session_timeout = 20')),
    });
    const store = await openStore(url);
    const lost = await stalled.transact(async (reader) => {
      await reader.head();
      assert.is(codeOf(await write(store, FACT)), 'ok');
      return { changes: BOOKED, value: null };
    });
    assert.is(codeOf(lost), 'storage-failed');
    assert.equal(await stored(url), { fact: true, row: false });
    assert.is(codeOf(await write(stalled, BOOKED)), 'ok');
    await Promise.all([stalled.close(), store.close()]);
  });

  for (const [what, changes, there] of [
    ['a journal row', BOOKED, { fact: false, row: true }],
    ['settings alone', FACT, { fact: true, row: false }],
  ] as const) {
    const neither = { fact: false, row: false };
    const lose = async (link: PostgresLink): Promise<never> => {
      await link.close();
      throw new PostgresError('Connection terminated unexpectedly', null);
    };

    // Opening the store commits as well: the second commit is ours.
    postgres(`finds out that a commit of ${what} was done though its answer was lost`, async ({ url }) => {
      const done = intercepting('COMMIT', 2, async (link, sql) => {
        await link.ask(sql);
        return lose(link);
      });
      const store = await openStore(url, { connect: first(done) });
      assert.is(codeOf(await write(store, changes)), 'ok');
      assert.equal(await stored(url), there);
      await store.close();
    });

    postgres(`finds out that a commit of ${what} was not done`, async ({ url }) => {
      const store = await openStore(url, { connect: first(intercepting('COMMIT', 2, lose)) });
      const refused = await write(store, changes);
      assert.is(codeOf(refused), 'storage-failed');
      assert.match(refused.ok ? '' : refused.detail, /nothing was written/);
      assert.equal(await stored(url), neither);
      assert.is(codeOf(await write(store, changes)), 'ok');
      await store.close();
    });
  }

  postgres('goes on after the server was restarted', async ({ url }) => {
    const store = await openStore(url);
    assert.is(codeOf(await write(store, FACT)), 'ok');
    await server.restart();
    assert.is(codeOf(await store.read((reader) => reader.head())), 'ok');
    assert.is(codeOf(await write(store, BOOKED)), 'ok');
    const [, again] = await Promise.all([server.kill9().then(server.start), write(store, FACT)]);
    assert.ok(['ok', 'storage-failed'].includes(codeOf(again)));
    assert.is(codeOf(await write(store, FACT)), 'ok');
    assert.equal(await stored(url), { fact: true, row: true });
    await store.close();
  });

  postgres('says that an outcome is not known where the server stays away', async ({ url }) => {
    const dying = intercepting('COMMIT', 2, async () => {
      await server.kill9();
      throw new PostgresError('Connection terminated unexpectedly', null);
    });
    const store = await openStore(url, {
      connect: first(dying),
      patience: { reconnectMs: 20, settleMs: 20 },
    });
    const refused = await write(store, BOOKED);
    assert.is(codeOf(refused), 'storage-failed');
    assert.match(refused.ok ? '' : refused.detail, /not known/);
    assert.is(codeOf(await write(store, FACT)), 'storage-failed');
    await server.start();
    assert.is(codeOf(await write(store, FACT)), 'ok');
    await store.close();
  });

  postgres('is what the subcommands of the settler work on', async ({ url }) => {
    const said: string[] = [];
    const host = { print: (text: string) => said.push(text), nowMs: () => 1000, crypto: nativeCrypto() };
    const account = didKey(host.crypto.signerOf(new Uint8Array(32)).key);
    const store = await openStore(url);
    await (await houseOver(store)).settler.close();
    await store.close();
    const paid = ['deposit', '--account', account, '--amount', '10.00', '--reference', 'R-1', '--db', url];
    assert.is(codeOf(await run(paid, host)), 'ok');
    assert.is(codeOf(await run(['verify', '--db', url], host)), 'ok');
    assert.match(said.join(''), /10\.00 EUR.*\n1 row/);
  });

  postgres('waits for a slow server and loses nothing', async ({ url }) => {
    const store = await openStore(url);
    const thaw = server.freeze();
    const written = write(store, BOOKED);
    setTimeout(thaw, 200);
    assert.is(codeOf(await written), 'ok');
    assert.equal(await stored(url), { fact: false, row: true });
    await store.close();
  });
}

postgres.run();
