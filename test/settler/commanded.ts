/** Suites of `tollbridge settler`, beside a settler that goes on running on the same database. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../broker/settler/command.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { crypto, type House, houseOver, START_MS } from './parties.ts';

export type Commanded = { folder: string; db: string; store: Store; house: House };

export const commanded = (command: Test<Commanded>): Test<Commanded> => {
  command.before.each(async (context) => {
    context.folder = mkdtempSync(join(tmpdir(), 'tb-command-'));
    context.db = join(context.folder, 'settler.db');
    const opened = await openSqliteStore(context.db);
    if (!opened.ok) throw new Error(opened.detail);
    context.store = opened.value;
    context.house = await houseOver(context.store);
  });
  command.after.each(async ({ folder, store, house }) => {
    await house.settler.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return command;
};

/** What it printed, and the number it ended with or the code it refused with. */
export const runOn = async (db: string, args: string): Promise<{ text: string; code: string }> => {
  const printed: string[] = [];
  const host = { print: (text: string) => void printed.push(text), nowMs: () => START_MS, crypto };
  const exit = await run([...args.split(' '), '--db', db], host);
  return { text: printed.join(''), code: exit.ok ? String(exit.value) : exit.code };
};

export const jsonOf = async (db: string, args: string) => {
  const { text, code } = await runOn(db, `${args} --json`);
  assert.is(code, '0');
  assert.is(text.split('\n').length, 2, 'one line');
  return JSON.parse(text);
};
