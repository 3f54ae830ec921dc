/** Settlers that forget: databases put back to an earlier row, and what tells it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'uvu';
import { backupStore } from '../../broker/settler/backup/backup.ts';
import type { HighWater, Mark, NotedRun } from '../../broker/settler/backup/high-water.ts';
import { restoreStore } from '../../broker/settler/backup/restore.ts';
import { checkFresh } from '../../broker/settler/backup/stale.ts';
import { makeRun } from '../../broker/settler/bank/payouts.ts';
import { staleMeta } from '../../broker/settler/ledger/stale.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import { crypto, type House, houseOver, type OpenedChannel, type Reply, START_MS } from './parties.ts';

/** High water in memory, with what it notes. */
export const highWaterIn = () => {
  const noted = { mark: null as Mark | null, runs: [] as NotedRun[] };
  const water: HighWater = {
    mark: () => ok(noted.mark),
    runs: () => ok(noted.runs),
    note: (mark) => {
      noted.mark = mark;
      return ok(null);
    },
    reserve: (run) => {
      noted.runs = [...noted.runs.filter(({ name }) => name !== run.name), run];
      return ok(null);
    },
  };
  return { ...water, noted };
};

export const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);
export const freshness = async (store: Store): Promise<Result<null>> => must(await store.read(checkFresh));
export const lengthOf = async (store: Store): Promise<number> =>
  must(await store.read((r) => r.head())).length;

export const presentRequest = ({ id }: OpenedChannel, receipt: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'present', id: new Uint8Array(8), parts: [id, receipt] });

export const receiptIn = (reply: Reply): Uint8Array => {
  const request = must(decodeRequest(reply.bytes));
  if (request.kind !== 'receipt') throw new Error(request.kind);
  return request.parts[0];
};

let backups = 0;
/** A store that has forgotten everything after some rows, as a copy of its files would have. */
export const forgetful = async (store: Store, rows: number, folder: string): Promise<Store> => {
  const file = join(folder, `backup-${backups++}`);
  must(await backupStore(store, file, START_MS, crypto.sha256));
  const copy = openMemoryStore();
  must(await restoreStore(copy, file, { row: rows - 1 }, crypto.sha256));
  must(await copy.transact(async () => ({ changes: { put: { meta: [staleMeta('')] } }, value: null })));
  return copy;
};

export type Forgetting = {
  folder: string;
  store: Store;
  house: House;
  highWater: ReturnType<typeof highWaterIn>;
};
const before = async (context: Forgetting): Promise<void> => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-stale-'));
  context.store = openMemoryStore();
  context.highWater = highWaterIn();
  context.house = await houseOver(context.store, {}, { highWater: context.highWater });
  await context.house.deposit(10, 'BANK-1');
};
const after = async ({ folder, house }: Forgetting): Promise<void> => {
  await house.settler.close();
  rmSync(folder, { recursive: true });
};

/** Before each test of the suite the payer has paid in 10 units, and how far the journal came is noted. */
export const forgetting = (suite: Test<Forgetting>): Test<Forgetting> => {
  suite.before.each(before);
  suite.after.each(after);
  return suite;
};

const ORDER = { period: '2026-11-20', sequence: 1, thresholdNano: 0n, executionDate: '2026-11-23' };
export const pay = (store: Store, sequence = 1) =>
  makeRun(store, { ...ORDER, sequence }, START_MS, crypto.sha256);
