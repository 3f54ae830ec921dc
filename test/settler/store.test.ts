import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { MIGRATIONS, SQLITE } from '../../broker/settler/store/schema.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { loadSqlite, type OpenSqlite, sqliteCodeOf } from '../../broker/settler/store/sqlite-driver.ts';
import { must } from '../world/deal.ts';
import { storeConformance } from './store-conformance.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const openSqlite = must(await loadSqlite());

storeConformance('memory', async () => ({
  open: async () => openMemoryStore(),
  durable: false,
  remove: async () => undefined,
}));

const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-store-'));
  return { path: join(folder, 'settler.db'), remove: () => rmSync(folder, { recursive: true }) };
};

storeConformance('SQLite', async () => {
  const { path, remove } = temporary();
  return {
    open: async () => {
      const opened = await openSqliteStore(path);
      if (!opened.ok) throw new Error(opened.detail);
      return opened.value;
    },
    durable: true,
    remove: async () => remove(),
  };
});

const sqlite = suite<{ path: string; remove: () => void }>('store on SQLite, its own');
sqlite.before.each((context) => {
  Object.assign(context, temporary());
});
sqlite.after.each(({ remove }) => remove());

const codeOf = async (opening: ReturnType<typeof openSqliteStore>): Promise<string> => {
  const opened = await opening;
  if (!opened.ok) return opened.code;
  await opened.value.close();
  return 'opened';
};

sqlite('refuses a newer database and names both versions', async ({ path }) => {
  assert.is(await codeOf(openSqliteStore(path)), 'opened');
  const driver = openSqlite(path);
  driver.exec(`UPDATE meta SET value = '7' WHERE name = 'schema-version'`);
  driver.close();
  const refused = await openSqliteStore(path);
  assert.is(refused.ok ? '' : refused.code, 'storage-newer');
  assert.match(refused.ok ? '' : refused.detail, /of version 7, this program knows up to 2/);
});

sqlite('leaves a database of another program as it is', async ({ path }) => {
  const driver = openSqlite(path);
  driver.exec('CREATE TABLE bookmarks (url TEXT)');
  assert.is(await codeOf(openSqliteStore(path)), 'storage-failed');
  assert.equal(driver.prepare('SELECT name FROM sqlite_schema').all(), [{ name: 'bookmarks' }]);
  assert.equal(driver.prepare('PRAGMA journal_mode').all(), [{ journal_mode: 'delete' }]);
  driver.close();
});

sqlite('brings a database of the first version along, whatever it holds', async ({ path }) => {
  const driver = openSqlite(path);
  const [first] = MIGRATIONS;
  driver.exec('PRAGMA foreign_keys = ON');
  driver.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
  driver.exec(first!(SQLITE));
  const id = `x'${'ab'.repeat(32)}'`;
  const key = `x'${'01'.repeat(32)}'`;
  driver.exec(`
    INSERT INTO meta VALUES ('schema-version', '1');
    INSERT INTO journal VALUES (0, 5, 'grant/${'ab'.repeat(32)}', x'00', zeroblob(32));
    INSERT INTO balance VALUES ('bank/EUR', 'EUR', -9), ('deposit/a', 'EUR', 9);
    INSERT INTO channel VALUES (${id}, ${key}, ${id}, 'EUR', ${key}, 9, 8, x'07', 3, 0, 0, NULL, 0, NULL);
    INSERT INTO statement VALUES (${id}, 6, x'05');
    INSERT INTO owner VALUES (${key}, 'Ann', 'DE75512108001245126199', NULL);
    INSERT INTO run VALUES ('2026-11-20-1', 4, '2026-11-23', 'EUR', 'S', 'DE75512108001245126199', 'SOLADEST600');
    INSERT INTO payout VALUES ('p', '2026-11-20-1', ${key}, 'EUR', 3, 'Ann', 'DE75512108001245126199', NULL, 'posted');
  `);
  driver.close();
  const opened = await openSqliteStore(path);
  assert.ok(opened.ok, opened.ok ? '' : opened.detail);
  const read = await opened.value.read(async (reader) => ({
    channel: (await reader.page('channel', [], null, 9))[0],
    owner: (await reader.page('owner', [], null, 9))[0],
    payouts: await reader.payoutsOf('2026-11-20-1'),
    statements: await reader.page('statement', [], null, 9),
    balances: await reader.balancesUnder('', null, 9),
  }));
  assert.ok(read.ok);
  const { channel, owner, payouts, statements, balances } = read.value;
  assert.equal([channel?.payerOwner, channel?.payeeOwner], [channel?.payer, channel?.payee]);
  assert.equal([channel?.backing, channel?.grantedMs, channel?.paidNano], ['deposit', 5, 3]);
  assert.equal([owner?.scheme, owner?.bank], ['sepa', 'sepa:DE75512108001245126199:']);
  assert.equal([payouts[0]?.state, payouts[0]?.reason], ['posted', null]);
  assert.is(statements.length, 1);
  assert.equal(
    balances.map(({ nano }) => nano),
    [-9n, 9n],
  );
  await opened.value.close();
});

sqlite('refuses what is no database, and a folder that is not there', async ({ path }) => {
  writeFileSync(path, 'not a database, but long enough to look at: '.repeat(100));
  assert.is(await codeOf(openSqliteStore(path)), 'storage-failed');
  assert.is(await codeOf(openSqliteStore(join(path, 'no', 'where'))), 'storage-failed');
});

sqlite('commits to a write-ahead log and waits for the disk', async ({ path }) => {
  assert.is(await codeOf(openSqliteStore(path)), 'opened');
  const statements: string[] = [];
  const spying: OpenSqlite = (at) => {
    const driver = openSqlite(at);
    const exec = (sql: string): void => {
      statements.push(sql);
      driver.exec(sql);
    };
    return { ...driver, exec };
  };
  const opened = await openSqliteStore(path, spying);
  assert.ok(opened.ok);
  const pragmas = statements.filter((sql) => /journal_mode = WAL[\s\S]*synchronous = FULL/.test(sql));
  assert.is(pragmas.length, 2, 'of the connection that writes, and of the one that reads');
  await opened.value.close();
});

sqlite('keeps its journal append-only, whoever asks', async ({ path }) => {
  const opened = await openSqliteStore(path);
  assert.ok(opened.ok);
  const driver = openSqlite(path);
  driver.exec(`INSERT INTO journal VALUES (0, 1, 'k', x'00', zeroblob(32))`);
  assert.throws(() => driver.exec('DELETE FROM journal'), /append-only/);
  assert.throws(() => driver.exec(`UPDATE journal SET key = 'j'`), /append-only/);
  assert.throws(() => driver.exec(`INSERT INTO balance VALUES ('deposit/x', 'EUR', -1)`), /CHECK/);
  driver.close();
  await opened.value.close();
});

sqlite('answers storage-full when the disk is, and works again afterwards', async ({ path }) => {
  const opened = await openSqliteStore(path);
  assert.ok(opened.ok);
  await opened.value.close();
  let limited: ReturnType<OpenSqlite> | undefined;
  const small: OpenSqlite = (at) => {
    const driver = openSqlite(at);
    limited ??= driver;
    return driver;
  };
  const full = await openSqliteStore(path, small);
  assert.ok(full.ok);
  limited!.exec('PRAGMA max_page_count = 1');
  const big = (name: string) =>
    full.value.transact(async () => ({
      changes: {
        put: {
          meta: [
            { name: 'first', value: 'small' },
            { name, value: 'x'.repeat(100_000) },
          ],
        },
      },
      value: null,
    }));
  const refused = await big('big');
  assert.is(refused.ok ? '' : refused.code, 'storage-full');
  const read = await full.value.read((reader) => reader.get('meta', [['first']]));
  assert.equal(read, { ok: true, value: [] });
  limited!.exec('PRAGMA max_page_count = 1000000');
  assert.is((await big('big')).ok, true);
  await full.value.close();
});

sqlite('says busy where another process keeps the lock', async ({ path }) => {
  const impatient: OpenSqlite = (at) => {
    const driver = openSqlite(at);
    return { ...driver, exec: (sql) => driver.exec(sql.replace(/busy_timeout = \d+/, 'busy_timeout = 1')) };
  };
  const opened = await openSqliteStore(path, impatient);
  assert.ok(opened.ok);
  const other = openSqlite(path);
  other.exec('BEGIN IMMEDIATE');
  const refused = await opened.value.transact(async () => ({ changes: {}, value: null }));
  assert.is(refused.ok ? '' : refused.code, 'busy');
  other.exec('ROLLBACK');
  other.close();
  assert.is((await opened.value.transact(async () => ({ changes: {}, value: null }))).ok, true);
  await opened.value.close();
});

sqlite('reads the codes of both bindings', () => {
  const error = (fields: object) => Object.assign(new Error('x'), fields);
  assert.is(sqliteCodeOf(error({ code: 'SQLITE_FULL' })), 'storage-full');
  assert.is(sqliteCodeOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 13 })), 'storage-full');
  assert.is(sqliteCodeOf(error({ code: 'SQLITE_IOERR_SHMSIZE' })), 'storage-full');
  assert.is(sqliteCodeOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 4874 })), 'storage-full');
  assert.is(sqliteCodeOf(error({ code: 'ENOSPC' })), 'storage-full');
  assert.is(sqliteCodeOf(error({ code: 'SQLITE_BUSY_SNAPSHOT' })), 'busy');
  assert.is(sqliteCodeOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 261 })), 'busy');
  assert.is(sqliteCodeOf(error({ code: 'SQLITE_IOERR_WRITE' })), 'storage-failed');
  assert.is(sqliteCodeOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 11 })), 'storage-failed');
  assert.is(sqliteCodeOf(new RangeError('ours')), undefined);
});

sqlite.run();
