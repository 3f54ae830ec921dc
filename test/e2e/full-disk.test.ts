import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoState, removeState } from './demo-process.ts';
import { mountDisk } from './full-disk.ts';
import { fillAgain } from './killed-day.ts';
import { sitesOnSqlite } from './killed-sites.ts';

/** Nothing at all; and enough to begin with, in most commands. */
const ROOMS_BYTES = [0, 100 * 1024];

const full = suite('commands of a settler, on a disk that fills up');

full('say so in a sentence, and go on without a difference when there is room', async () => {
  const folder = demoState();
  const disk = mountDisk(join(folder, 'disk'), 16);
  try {
    if (typeof disk === 'string') return console.log(`skip: ${disk}`);
    const sites = await sitesOnSqlite(disk.path, { owners: 10, deposits: 450 });
    const refused = await fillAgain(sites, disk, ROOMS_BYTES, /^tollbridge: storage-full: .*$/);
    for (const [name, times] of Object.entries(refused))
      assert.ok(times > 0, `${name} was never short of room`);
  } finally {
    if (typeof disk !== 'string') disk.unmount();
    removeState(folder);
  }
});

full.run();
