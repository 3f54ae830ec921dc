import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { postgresOrSkip } from '../settler/postgres.ts';
import { demoState, removeState } from './demo-process.ts';
import { dieAgain, type Sites } from './killed-day.ts';
import { sitesOnPostgres, sitesOnSqlite } from './killed-sites.ts';

/** Three transactions of an import, two of a restore's journal, and a run of many payments. */
const SIZE = { owners: 40, deposits: 900 };
const ROUNDS = 15;

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

const killed = suite('commands of a settler, killed again and again');

const dieOn = async (sitesIn: (folder: string) => Promise<Sites>, seed: number): Promise<void> => {
  const folder = demoState();
  try {
    const kills = await dieAgain(await sitesIn(folder), { rounds: ROUNDS, seed, deathsMax: 3 });
    assert.ok(kills > 3 * ROUNDS, `only ${kills} were killed`);
  } finally {
    removeState(folder);
  }
};

killed('come to the same end on SQLite', () => dieOn((folder) => sitesOnSqlite(folder, SIZE), 1));

if (server !== undefined) {
  killed.after(() => server.stop());
  killed('come to the same end on PostgreSQL', () =>
    dieOn((folder) => sitesOnPostgres(server, folder, SIZE), 2),
  );
}

killed.run();
