import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

/**
 * Other Nodes to run the stores on, separated by ':'. The npm packages `node@22` and `node@24` carry such
 * binaries; from 22.13 on SQLite is Node's own, below it is better-sqlite3.
 */
const NODES = (process.env.TOLLBRIDGE_NODES ?? '').split(':').filter((path) => path !== '');

const stores = suite('stores on other versions of Node');

stores('pass the same suites', () => {
  if (NODES.length === 0) return console.log('skip: TOLLBRIDGE_NODES names no other Node');
  for (const node of NODES) {
    const args = ['--no-warnings', '--import', 'tsx', join(import.meta.dirname, 'store.test.ts')];
    const ran = spawnSync(node, args, { encoding: 'utf8', timeout: 120_000 });
    assert.is(ran.status, 0, `${node}: ${ran.stdout}${ran.stderr}`);
    assert.match(ran.stdout, /Passed: +[1-9]/);
  }
});

stores.run();
