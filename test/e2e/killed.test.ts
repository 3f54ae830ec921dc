import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoState, removeState } from './demo-process.ts';
import { dieAgain } from './killed-day.ts';
import { sitesOnSqlite } from './killed-sites.ts';

const killed = suite('commands of a settler, killed');

killed('are simply run again: nothing is paid, imported or cleared twice, no file is half', async () => {
  const folder = demoState();
  try {
    const sites = await sitesOnSqlite(folder, { owners: 10, deposits: 450 });
    const kills = await dieAgain(sites, { rounds: 1, seed: Date.now() % 100_000, deathsMax: 1 });
    assert.ok(kills > 0, 'none was killed');
  } finally {
    removeState(folder);
  }
});

killed.run();
