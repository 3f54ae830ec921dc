import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore } from '../../broker/settler/backup/backup.ts';
import { restoreStore } from '../../broker/settler/backup/restore.ts';
import { attended, exitOf, howFar, type Terminal } from '../../broker/settler/commands/attended.ts';
import { run as restoreCommand } from '../../broker/settler/commands/restore.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { ALL_TIME, reconcile } from '../../broker/settler/reports/reconciliation.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { Interrupted, type Watch } from '../../broker/settler/watch.ts';
import { must } from '../world/deal.ts';
import { liveAll } from './audit-life.ts';
import { crypto, START_MS } from './parties.ts';

/** A terminal that keeps what is written to it. */
const terminalOf = (isTTY: boolean, columns = 80): Terminal & { readonly written: string[] } => {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text) => written.push(text) };
};

const far = suite('howFar');

far('says percent, speed and the time left where the total is known', () => {
  assert.is(
    howFar('rows verified', 250_000, 1_000_000, 10_000),
    '250,000 of 1,000,000 rows verified, 25 %, 25,000 a second, 30 s to go',
  );
  assert.is(howFar('rows verified', 7, 7, 0), '7 of 7 rows verified, 100 %, 7,000 a second, 0 s to go');
});

far('promises no end where the total is not known, or was passed', () => {
  assert.is(howFar('rows of payout', 3000, undefined, 10), '3,000 rows of payout');
  assert.is(howFar('rows', 12, 10, 10), '12 rows');
  assert.is(howFar('looking at the database itself', 0, undefined, 10), 'looking at the database itself');
});

far.run();

const attending = suite('attended');

attending('draws one line that fits a terminal, and leaves none behind', async () => {
  const terminal = terminalOf(true, 12);
  const value = await attended(async (watch) => {
    await watch('rows', 1, 2);
    await watch('rows', 2, 2);
    await watch('another thing', 5);
    return 7;
  }, terminal);
  assert.is(value, 7);
  assert.equal(terminal.written, ['\r\x1b[K1 of 2 rows', '\r\x1b[K5 another t', '\r\x1b[K']);
});

attending('writes nothing where nobody watches', async () => {
  const terminal = terminalOf(false);
  await attended((watch) => watch('rows', 1, 2), terminal);
  assert.equal(terminal.written, []);
});

attending('ends between two pages when a signal comes, and listens to none afterwards', async () => {
  const before = process.listenerCount('SIGINT');
  let pages = 0;
  const work = attended(async (watch) => {
    for (;;) {
      await watch('pages', ++pages);
      if (pages === 3) process.kill(process.pid, 'SIGINT');
    }
  }, terminalOf(false));
  const ended = await work.catch((error: unknown) => error);
  assert.instance(ended, Interrupted);
  assert.is(exitOf(ended as Interrupted), 130);
  assert.equal([exitOf(new Interrupted('SIGTERM')), exitOf(new Interrupted('SIGHUP'))], [143, 129]);
  assert.is(process.listenerCount('SIGINT'), before);
});

attending.run();

type Context = { store: Store; folder: string };
const watched = suite<Context>('interrupted');

watched.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-attended-'));
  context.store = must(await openSqliteStore(join(context.folder, 'settler.db')));
  await liveAll(context.store);
});
watched.after(async ({ store, folder }) => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const interrupting: Watch = async () => {
  throw new Interrupted('SIGINT');
};
const isInterrupted = async (work: Promise<unknown>): Promise<boolean> =>
  (await work.catch((error: unknown) => error)) instanceof Interrupted;

watched('verify and audit end, and the store goes on', async ({ store }) => {
  assert.ok(await isInterrupted(verifyStore(store, crypto.sha256, { watch: interrupting })));
  assert.ok(await isInterrupted(auditStore(store, { crypto, watch: interrupting })));
  must(await verifyStore(store, crypto.sha256));
  assert.ok(must(await reconcile(store, ALL_TIME, crypto)).leases.length > 0);
});

watched('a backup leaves no file, nor part of one', async ({ store, folder }) => {
  const place = join(folder, 'backups');
  mkdirSync(place);
  assert.ok(
    await isInterrupted(backupStore(store, join(place, 'file'), START_MS, crypto.sha256, interrupting)),
  );
  assert.equal(readdirSync(place), []);
});

watched('a restore ends while it verifies, and is not taken for whole', async ({ store, folder }) => {
  const file = join(folder, 'settler.backup');
  must(await backupStore(store, file, START_MS, crypto.sha256));
  assert.ok(existsSync(file));
  const copy = openMemoryStore();
  assert.ok(await isInterrupted(restoreStore(copy, file, {}, crypto.sha256, interrupting)));
  const [restoring] = must(await copy.read((reader) => reader.get('meta', [['restoring']])));
  assert.match(restoring!.value, /^restored to/);
});

watched('a restore command takes away the database that it made, and no other', async ({ store, folder }) => {
  const file = join(folder, 'second.backup');
  must(await backupStore(store, file, START_MS, crypto.sha256));
  const there = join(folder, 'there.db');
  await must(await openSqliteStore(there)).close();
  for (const [place, stays] of [
    [join(folder, 'new.db'), false],
    [there, true],
  ] as const) {
    const before = process.listenerCount('SIGINT');
    const host = { print: () => undefined, nowMs: () => START_MS, crypto };
    const ended = restoreCommand(['--from', file, '--db', place], host);
    while (process.listenerCount('SIGINT') === before) await new Promise((turn) => setImmediate(turn));
    process.emit('SIGINT', 'SIGINT');
    assert.is(must(await ended), 130);
    assert.is(existsSync(place), stays);
    assert.not(existsSync(`${place}-wal`));
  }
});

watched.run();
