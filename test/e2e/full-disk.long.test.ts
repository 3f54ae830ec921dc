import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type SmallDisk, startPostgres } from '../settler/postgres.ts';
import { demoState, removeState } from './demo-process.ts';
import { mountDisk } from './full-disk.ts';
import { fillAgain } from './killed-day.ts';
import { sitesOnPostgres, sitesOnSqlite } from './killed-sites.ts';

const SIZE = { owners: 20, deposits: 1000 };
const kilobytes = (count: number): number => count * 1024;

const full = suite('a disk that fills up under a settler, at any place');

/** These were refused for want of room at least once. */
const assertShort = (refused: { readonly [command: string]: number }, ...names: readonly string[]): void => {
  console.log(`refused: ${JSON.stringify(refused)}`);
  for (const name of names) assert.ok(refused[name]! > 0, `${name} was never short of room`);
};

full('costs nothing on SQLite', async () => {
  const folder = demoState();
  const disk = mountDisk(join(folder, 'disk'), 32);
  try {
    if (typeof disk === 'string') return console.log(`skip: ${disk}`);
    const sites = await sitesOnSqlite(disk.path, SIZE);
    const rooms = Array.from({ length: 30 }, (_, i) => kilobytes(28 * i));
    assertShort(
      await fillAgain(sites, disk, rooms, /^tollbridge: storage-full: .*$/),
      'import',
      'clearing',
      'backup',
    );
  } finally {
    if (typeof disk !== 'string') disk.unmount();
    removeState(folder);
  }
});

const fillPostgres = async (
  holds: SmallDisk['holds'],
  megabytes: number,
  roomsBytes: readonly number[],
  short: readonly string[],
) => {
  const folder = demoState();
  const disk = mountDisk(join(folder, 'disk'), megabytes);
  if (typeof disk === 'string') return console.log(`skip: ${disk}`);
  chmodSync(folder, 0o755); // the server is another user
  const server = await startPostgres({ path: disk.path, holds });
  try {
    if (typeof server === 'string') return console.log(`skip: ${server}`);
    const files = join(folder, 'files');
    mkdirSync(files);
    const free = async (): Promise<void> => {
      disk.free();
      await server.psql('SELECT 1').catch(() => server.kill9().then(server.start));
    };
    const sites = await sitesOnPostgres(server, files, SIZE);
    const refusal = /^tollbridge: storage-(?:full|failed): .*$/;
    assertShort(await fillAgain(sites, { fill: disk.fill, free }, roomsBytes, refusal), ...short);
  } finally {
    if (typeof server !== 'string') await server.stop();
    disk.unmount();
    removeState(folder);
  }
};

full('costs nothing where all of PostgreSQL is on it', () =>
  fillPostgres('all', 160, [0, 400, 1100, 1800, 2500].map(kilobytes), ['import', 'clearing']),
);

full('costs nothing where the log of PostgreSQL is on it, which dies of that and is started again', () =>
  fillPostgres('log', 24, [0, 1000].map(kilobytes), ['restore']),
);

full.run();
