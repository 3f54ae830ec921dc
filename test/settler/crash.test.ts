import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { loadSqlite, type OpenSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { must } from '../world/deal.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  ROOT,
  START_MS,
  statementRequest,
  UNIT,
} from './parties.ts';

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

/** A machine that dies at the n-th write: that write and all that follow fail, until it is opened again. */
const dyingAt = (n: number): { open: OpenSqlite; writes: () => number } => {
  let writes = 0;
  const die = (): never => {
    throw Object.assign(new Error('the power is gone'), { code: 'SQLITE_IOERR' });
  };
  const open: OpenSqlite = (path) => {
    const driver = openSqlite(path);
    return {
      exec: (sql) => {
        if (sql === 'COMMIT' && ++writes >= n) die();
        if (writes >= n && sql === 'ROLLBACK') die();
        driver.exec(sql);
      },
      prepare: (sql) => {
        const statement = driver.prepare(sql);
        const run: typeof statement.run = (...values) => {
          if (++writes >= n) die();
          statement.run(...values);
        };
        return { run, all: statement.all };
      },
      close: driver.close,
    };
  };
  return { open, writes: () => writes };
};

const ORDER = { period: '2026-11-20', sequence: 1, thresholdNano: 0n, executionDate: '2026-11-23' };
const BANK = { name: 'Owner', iban: 'FI1410093000123458', bic: null };

/** A day of a settler, each step as its sender would repeat it; true where it was acknowledged. */
const DAY: readonly ((store: Store) => Promise<boolean>)[] = (() => {
  const [a, b] = [openOf({ nonce: 1 }), openOf({ nonce: 2 })];
  const deposit = { owner: PAYER.key, currency: 'EUR', nano: 20n * BigInt(UNIT), reference: 'BANK-1' };
  const ask =
    (bytes: readonly Uint8Array[], atMs = START_MS) =>
    async (store: Store): Promise<boolean> => {
      const house = await houseOver(store, {}, { nowMs: () => atMs }).catch(() => undefined);
      if (house === undefined) return false;
      const replies = await Promise.all(bytes.map((one) => house.ask(one)));
      await house.settler.close();
      return replies.every((reply) => reply.code === undefined);
    };
  const sweep =
    (atMs: number) =>
    async (store: Store): Promise<boolean> => {
      const house = await houseOver(store, {}, { nowMs: () => atMs }).catch(() => undefined);
      await house?.settler.close();
      return house !== undefined;
    };
  return [
    async (store) => (await bookDeposit(store, deposit, START_MS, crypto.sha256)).ok,
    ask([openRequest(a), openRequest(b)]),
    ask([claimRequest(a, evidenceFor(a, 1, UNIT, 5)), claimRequest(b, evidenceFor(b, 1, 3 * UNIT))]),
    ask([claimRequest(a, evidenceFor(a, 1, UNIT, 9)), statementRequest(agreedOf(a, UNIT + 9000, 3))]),
    ask([closeRequest(a, UNIT + 9000, PAYEE)]),
    sweep(START_MS + 3 * DAY_MS),
    sweep(START_MS + 3 * DAY_MS + 250_000),
    async (store) => (await setOwner(store, ROOT.key, { ...BANK, iban: 'DE75512108001245126199' })).ok,
    async (store) => (await setOwner(store, PAYEE.key, BANK)).ok,
    async (store) => (await makeRun(store, ORDER, START_MS, crypto.sha256)).ok,
    async (store) => {
      const run = await makeRun(store, ORDER, START_MS, crypto.sha256);
      if (!run.ok) return false;
      const [payout] = run.value.payouts;
      return (await settlePayout(store, run.value.run.id, payout!.id, 'posted', START_MS, crypto.sha256)).ok;
    },
  ];
})();

/** What is stored at the end, to compare with a day on which nothing happened. */
const endOf = async (store: Store): Promise<unknown> => {
  const verified = await verifyStore(store, crypto.sha256);
  if (!verified.ok) throw new Error(verified.detail);
  const read = await store.read(async (reader) => ({
    rows: (await reader.journal(0, 1000)).map((row) => row.key),
    balances: await reader.balancesUnder('', null, 1000),
    channels: (await reader.page('channel', [], null, 1000)).map(({ id, paidNano, closed }) => [
      toHex(id),
      paidNano,
      closed,
    ]),
    payouts: await reader.payoutsOf('2026-11-20-1'),
  }));
  if (!read.ok) throw new Error(read.detail);
  return read.value;
};

const liveDay = async (store: Store): Promise<void> => {
  for (const step of DAY) assert.ok(await step(store));
};

crash('at any write of a day lose nothing acknowledged and repeat nothing', async ({ folder }) => {
  const undisturbed = dyingAt(Number.POSITIVE_INFINITY);
  const calm = await openStore(join(folder, 'calm.db'), undisturbed.open);
  await liveDay(calm);
  const writes = undisturbed.writes();
  const expected = await endOf(calm);
  await calm.close();
  assert.ok(writes > 60, `only ${writes} writes`);
  for (let n = 1; n <= writes; n++) {
    const path = join(folder, `${n}.db`);
    const dying = await openSqliteStore(path, dyingAt(n).open);
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

const CHILD = join(import.meta.dirname, 'claiming-child.ts');

/** A process that opens and claims on its own channels; `acknowledged` holds the receipts it printed. */
const startChild = (path: string, number: number, claims: number) => {
  const args = ['--no-warnings', '--import', 'tsx', CHILD, path, String(number), String(claims)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<string, number>();
  let heard = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let hear = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [channel, paidNano] = line.split(' ');
    acknowledged.set(channel!, Number(paidNano));
    if (++heard === wanted) hear();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return {
    acknowledged,
    ended,
    kill: () => child.kill('SIGKILL'),
    /** Resolves after so many receipts. */
    heard: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = count;
        hear = resolve;
      }),
  };
};

const checkAcknowledged = async (path: string, acknowledged: ReadonlyMap<string, number>): Promise<void> => {
  const store = await openStore(path);
  const verified = await verifyStore(store, crypto.sha256);
  assert.ok(verified.ok, verified.ok ? '' : verified.detail);
  const channels = await store.read((reader) => reader.page('channel', [], null, 1000));
  assert.ok(channels.ok);
  const paid = new Map(channels.value.map((channel) => [toHex(channel.id), channel.paidNano]));
  for (const [channel, paidNano] of acknowledged) {
    assert.ok((paid.get(channel) ?? -1) >= paidNano, `${channel}: ${paid.get(channel)} of ${paidNano}`);
  }
  await store.close();
};

const prepare = async (path: string, units: number): Promise<void> => {
  const store = await openStore(path);
  const house = await houseOver(store);
  await house.deposit(units, 'BANK-1');
  await house.settler.close();
  await store.close();
};

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
