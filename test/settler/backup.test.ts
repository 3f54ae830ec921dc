import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore } from '../../broker/settler/backup/backup.ts';
import type { Point } from '../../broker/settler/backup/point.ts';
import { type Restored, restoreStore } from '../../broker/settler/backup/restore.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { openPostgresStore } from '../../broker/settler/store/postgres.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { must } from '../world/deal.ts';
import { LIFE, liveAll, ORDER } from './audit-life.ts';
import { everything } from './backup-copy.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  START_MS,
  UNIT,
} from './parties.ts';
import { postgresOrSkip } from './postgres.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

type Context = { folder: string; file: string };
const temporary = (context: Context): void => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-backup-'));
  context.file = join(context.folder, 'settler.backup');
};
const remove = ({ folder }: Context): void => rmSync(folder, { recursive: true });

const backUp = async (store: Store, file: string): Promise<void> => {
  must(await backupStore(store, file, START_MS, crypto.sha256));
};

const restoreInto = async (store: Store, file: string, point: Point = {}): Promise<Restored> =>
  must(await restoreStore(store, file, point, crypto.sha256));

const restoreRefused = async (file: string, point: Point = {}): Promise<string> => {
  const restored = await restoreStore(openMemoryStore(), file, point, crypto.sha256);
  return restored.ok ? 'restored' : restored.code;
};

const backup = suite<Context>('backup');
backup.before.each(temporary);
backup.after.each(remove);

backup('is whole, private, and text in gzip', async ({ file }) => {
  const store = openMemoryStore();
  await liveAll(store);
  const written = must(await backupStore(store, file, START_MS, crypto.sha256));
  assert.is(statSync(file).mode & 0o777, 0o600);
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const [head, ...rest] = lines.map((line) => JSON.parse(line));
  assert.equal(head.slice(0, 2), ['tollbridge-backup', 1]);
  assert.is(head[2].rows, written.rows);
  assert.is(rest.filter(([name]) => name === 'journal').length, written.rows);
  assert.equal(rest.at(-1), ['end', written.counts]);
});

backup('never overwrites a file, and leaves none where it fails', async ({ file, folder }) => {
  const store = openMemoryStore();
  const nothing = await backupStore(store, file, START_MS, crypto.sha256);
  assert.is(nothing.ok ? '' : nothing.code, 'config-invalid');
  await liveAll(store);
  await backUp(store, file);
  const before = readFileSync(file);
  const again = await backupStore(store, file, START_MS, crypto.sha256);
  assert.is(again.ok ? '' : again.code, 'config-invalid');
  assert.equal(readFileSync(file), before);
  const nowhere = await backupStore(store, join(folder, 'no', 'file'), START_MS, crypto.sha256);
  assert.is(nowhere.ok ? '' : nowhere.code, 'storage-failed');
});

backup(
  'takes its name when it is whole, and not from a file that came meanwhile',
  async ({ file, folder }) => {
    const store = openMemoryStore();
    await liveAll(store);
    const meanwhile: Store = {
      ...store,
      read: (work) =>
        store.read((reader) =>
          work({
            ...reader,
            journal: (from, countMax) => {
              assert.not(
                existsSync(file),
                'an interrupted backup would leave it, and be in the way of the next',
              );
              writeFileSync(file, 'another');
              return reader.journal(from, countMax);
            },
          }),
        ),
    };
    const second = await backupStore(meanwhile, file, START_MS, crypto.sha256);
    assert.is(second.ok ? '' : second.code, 'config-invalid');
    assert.is(readFileSync(file, 'utf8'), 'another');
    assert.equal(readdirSync(folder), [basename(file)]);
  },
);

backup('refuses a journal that is broken, and leaves no file', async ({ file, folder }) => {
  const store = openMemoryStore();
  await liveAll(store);
  const broken: Store = {
    ...store,
    read: (work) =>
      store.read((reader) =>
        work({
          ...reader,
          journal: async (from, countMax) =>
            (await reader.journal(from, countMax)).map((row) =>
              row.index === 5
                ? { ...row, bytes: row.bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }
                : row,
            ),
        }),
      ),
  };
  const refused = await backupStore(broken, file, START_MS, crypto.sha256);
  assert.match(refused.ok ? '' : refused.detail, /^row 5 does not continue the journal/);
  assert.equal(readdirSync(folder), []);
});

backup('is taken beside a settler that goes on', async ({ file }) => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(100, 'R');
  const channels = Array.from({ length: 20 }, (_, i) => openOf({ nonce: 500 + i }));
  const working = channels.map(async (channel) => {
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  });
  await backUp(store, file);
  await Promise.all(working);
  await house.settler.close();
  const restored = await restoreInto(openMemoryStore(), file);
  assert.ok(restored.rows >= 1);
});

backup('and restore are the same store again, whatever happened', async ({ folder }) => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(fc.subarray(LIFE.map((_, i) => i).slice(1)), async (steps) => {
      const file = join(folder, `${files++}`);
      const store = openMemoryStore();
      await LIFE[0]!(store);
      // A step that needs one that was left out fails, and changes nothing.
      for (const i of steps) await LIFE[i]!(store).catch(() => undefined);
      await backUp(store, file);
      const copy = openMemoryStore();
      await restoreInto(copy, file);
      assert.equal(await everything(copy), await everything(store));
      must(await verifyStore(copy, crypto.sha256));
    }),
    { numRuns: 25 },
  );
});

backup('is refused wherever it is cut short or a bit of it is another', async ({ file, folder }) => {
  const store = openMemoryStore();
  await liveAll(store);
  await backUp(store, file);
  const good = readFileSync(file);
  const bad = join(folder, 'bad');
  const refusedAs = async (bytes: Buffer, what: string): Promise<void> => {
    writeFileSync(bad, bytes);
    const target = openMemoryStore();
    const restored = await restoreStore(target, bad, {}, crypto.sha256);
    assert.is(restored.ok ? 'restored' : restored.code, 'journal-corrupt', what);
    assert.is(must(await target.read((reader) => reader.head())).length, 0, what);
  };
  const places = new Set([...Array(120).keys(), ...Array(120).keys()].map((i) => (i * 7919) % good.length));
  for (let i = 0; i < 100; i++) places.add(good.length - 1 - i).add(i);
  for (const at of places) {
    const flipped = Buffer.from(good);
    flipped[at]! ^= 1 << (at % 8);
    await refusedAs(flipped, `bit of byte ${at}`);
    await refusedAs(good.subarray(0, at), `cut at ${at}`);
  }
  await refusedAs(Buffer.concat([good, Buffer.from([0])]), 'a byte more');
});
backup.run();

const restore = suite<Context>('restore');
restore.before.each(temporary);
restore.after.each(remove);

restore('goes into an empty database alone', async ({ file }) => {
  const store = openMemoryStore();
  await liveAll(store);
  await backUp(store, file);
  const refused = await restoreStore(store, file, {}, crypto.sha256);
  assert.is(refused.ok ? '' : refused.code, 'config-invalid');
  const copy = openMemoryStore();
  await restoreInto(copy, file);
  const again = await restoreStore(copy, file, {}, crypto.sha256);
  assert.is(again.ok ? '' : again.code, 'config-invalid');
});

restore('refuses what is no backup', async ({ file, folder }) => {
  assert.is(await restoreRefused(join(folder, 'missing')), 'storage-failed');
  writeFileSync(file, 'hello');
  assert.is(await restoreRefused(file), 'journal-corrupt');
  copyFileSync(join(import.meta.dirname, 'backup.test.ts'), file);
  assert.is(await restoreRefused(file), 'journal-corrupt');
});

/** A store as it was after each of its rows: what a restore to that row should give. */
const liveStepwise = async () => {
  const store = openMemoryStore();
  const at = new Map<number, object>();
  for (const step of LIFE) {
    await step(store);
    const { length } = must(await store.read((reader) => reader.head()));
    at.set(length - 1, await everything(store));
  }
  return { store, at };
};

/** Bank details are not of a point in time: a person may have asked to be forgotten since. */
const withoutOwners = (all: object): object => ({ ...all, owner: [] });

const restoresEveryRow = async (file: string, fresh: () => Promise<Store>): Promise<void> => {
  const { store, at } = await liveStepwise();
  await backUp(store, file);
  const { length } = must(await store.read((reader) => reader.head()));
  const rows = must(await store.read((reader) => reader.journal(0, length)));
  for (let row = 0; row < length; row++) {
    const copy = await fresh();
    const restored = await restoreInto(copy, file, { row });
    assert.equal([restored.rows, restored.of], [row + 1, length]);
    assert.equal(must(await copy.read((reader) => reader.journal(0, length))), rows.slice(0, row + 1));
    const expected = at.get(row);
    if (expected !== undefined)
      assert.equal(withoutOwners(await everything(copy)), withoutOwners(expected), `row ${row}`);
    await copy.close();
  }
};

restore('at every row is what the store was after that row', ({ file }) =>
  restoresEveryRow(file, async () => openMemoryStore()),
);

restore('at every row on SQLite', async ({ file, folder }) => {
  let databases = 0;
  await restoresEveryRow(file, async () => must(await openSqliteStore(join(folder, `${databases++}.db`))));
});

if (server !== undefined)
  restore('at every row on PostgreSQL', ({ file }) =>
    restoresEveryRow(file, async () => must(await openPostgresStore(await server.create()))),
  );

restore('up to a moment keeps what was booked by then', async ({ file }) => {
  const { store } = await liveStepwise();
  await backUp(store, file);
  const restored = await restoreInto(openMemoryStore(), file, { timeMs: START_MS });
  const rows = must(await store.read((reader) => reader.journal(0, 1000)));
  assert.is(restored.rows, rows.filter(({ timeMs }) => timeMs <= START_MS).length);
  assert.ok(restored.rows < rows.length);
});

restore('takes back a payout that was not posted yet', async ({ file }) => {
  const { store } = await liveStepwise();
  await backUp(store, file);
  const rows = must(await store.read((reader) => reader.journal(0, 1000)));
  const pending = rows.find(({ key }) => key.startsWith('payout-pending'))!;
  const copy = openMemoryStore();
  await restoreInto(copy, file, { row: pending.index });
  const run = `${ORDER.period}-${ORDER.sequence}`;
  const payouts = must(await copy.read((reader) => reader.payoutsOf(run)));
  assert.equal(
    payouts.map(({ state }) => state),
    ['pending'],
  );
  const earlier = openMemoryStore();
  await restoreInto(earlier, file, { row: pending.index - 1 });
  assert.equal(must(await earlier.read((reader) => reader.page('run', [], null, 9))), []);
});

restore('from one kind of database into the other loses nothing', async ({ file, folder }) => {
  const first = must(await openSqliteStore(join(folder, 'a.db')));
  await liveAll(first);
  await backUp(first, file);
  const expected = await everything(first);
  await first.close();
  const place = server === undefined ? undefined : await server.create();
  const second = must(
    place === undefined ? await openSqliteStore(join(folder, 'b.db')) : await openPostgresStore(place),
  );
  await restoreInto(second, file);
  assert.equal(await everything(second), expected);
  await second.close();
});
restore.after(() => server?.stop());
restore.run();
