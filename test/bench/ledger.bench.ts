/**
 * What an operator's long commands take on a ledger of many rows (200,000, or `--rows N`) in SQLite: journal rows a
 * second, and the memory and processor time of each. Beside verify and audit what it takes to read the same rows and chain
 * their hashes, beside backup and restore SQLite's own copy of the same file. Each is a process of its own.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../broker/settler/store/open.ts';
import { must } from '../world/deal.ts';
import type { Bench, Figure } from './bench.ts';
import { makeLedger } from './ledger-life.ts';
import type { LedgerRun } from './ledger-process.ts';

const PROCESS = fileURLToPath(new URL('./ledger-process.ts', import.meta.url));
const ROWS = 200_000;

const runOf = async (what: string, ...rest: readonly string[]): Promise<LedgerRun> => {
  const child = fork(PROCESS, [what, ...rest]);
  const [run] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the process of ${what} ended with ${code}`);
    }),
  ])) as [LedgerRun];
  return run;
};

/** Makes the ledger; how many rows it has. */
const made = async (place: string, rows: number, progress: (text: string) => void): Promise<number> => {
  const store = must(await openStore(place));
  try {
    await makeLedger(store, rows, progress);
    return must(await store.read((reader) => reader.head())).length;
  } finally {
    await store.close();
  }
};

export const bench: Bench = {
  name: 'ledger',
  summary: 'verify, audit, report, backup and restore of 200,000 journal rows (--rows N)',
  run: async (progress, { rows: wanted = ROWS } = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'tb-ledger-'));
    const at = (name: string): string => join(folder, name);
    try {
      const db = at('settler.db');
      const rows = await made(db, wanted, progress);
      const measure = async (what: string, ...rest: readonly string[]): Promise<LedgerRun> => {
        progress(`${what} of ${rows} rows`);
        return runOf(what, ...rest);
      };
      const perS = ({ ms }: LedgerRun): number => (1000 * rows) / ms;
      const read = { name: 'read and hashed', value: perS(await measure('read', db)) };
      const copied = { name: "in SQLite's copy", value: perS(await measure('copy', db, at('copy.db'))) };
      const runs = [
        { name: 'verify', baseline: read, run: await measure('verify', '--db', db) },
        { name: 'audit', baseline: read, run: await measure('audit', '--db', db) },
        { name: 'report', baseline: read, run: await measure('report', '--csv', '--db', db) },
        { name: 'backup', baseline: copied, run: await measure('backup', '--out', at('b'), '--db', db) },
        {
          name: 'restore',
          baseline: copied,
          run: await measure('restore', '--from', at('b'), '--db', at('r')),
        },
      ];
      const figures: Figure[] = runs.flatMap(({ name, baseline, run }) => [
        { name: `${name}_rows_per_s`, value: perS(run), baseline },
        { name: `${name}_cpu_us_per_row`, value: Math.round((1000 * run.cpuMs) / rows) },
        { name: `${name}_rss_mb`, value: Math.round(run.rssMb) },
      ]);
      return [{ name: 'rows', value: rows }, ...figures];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
