/**
 * How long one reading takes at window 1: from the sensor's value until the tick that pays for it is verified
 * and on the seller's disk, through the real broker, seller and buyer in processes of their own. Beside it
 * the same stream unpaid (published until its empty acknowledgement is back), and a bare fdatasync.
 */

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Figure } from './bench.ts';
import { percentile } from './measure.ts';
import { ask, end, launch, sleep } from './stream.ts';
import type { StreamRole } from './stream-process.ts';

const ROUNDS = 5;
const ROUND_MS = 5000;
/** Lease, grant and first voucher, and cold code. */
const WARM_UP_MS = 2000;
const SYNCS = 200;
/** A reading's record and a tick's. */
const RECORD_BYTES = 64;

const samplesOf = async (roles: readonly StreamRole[]): Promise<number[]> => {
  const box = await launch({ role: 'box', port: 0, window: 1, pairs: 1 });
  const port = box.said as number;
  const sides = [];
  for (const role of roles) sides.push((await launch({ role, port, window: 1, pairs: 1 })).child);
  const seller = sides[sides.length - 1]!;
  seller.send('go');
  await sleep(WARM_UP_MS);
  await ask(seller, 'samples');
  await sleep(ROUND_MS);
  const samplesMs = await ask<number[]>(seller, 'samples');
  await end([...sides.reverse(), box.child]);
  return samplesMs;
};

const syncsMs = (): number[] => {
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-bench-'));
  const fd = openSync(join(folder, 'records'), 'a');
  const record = Buffer.alloc(RECORD_BYTES, 7);
  const each = Array.from({ length: SYNCS }, () => {
    const startedMs = performance.now();
    writeSync(fd, record);
    fdatasyncSync(fd);
    return performance.now() - startedMs;
  });
  closeSync(fd);
  rmSync(folder, { recursive: true });
  return each;
};

export const bench: Bench = {
  name: 'latency',
  summary: 'one reading at window 1, from the sensor until its payment is verified and on the disk',
  run: async (progress) => {
    const paidMs: number[] = [];
    const unpaidMs: number[] = [];
    const diskMs: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`round ${round} of ${ROUNDS}`);
      unpaidMs.push(...(await samplesOf(['unpaid-buyer', 'timed-unpaid-seller'])));
      paidMs.push(...(await samplesOf(['paid-buyer', 'timed-paid-seller'])));
      diskMs.push(...syncsMs());
    }
    const unpaid = (percent: number) => ({ name: 'unpaid', value: percentile(unpaidMs, percent) });
    const figures: Figure[] = [
      { name: 'p50_ms', value: percentile(paidMs, 50), baseline: unpaid(50) },
      { name: 'p99_ms', value: percentile(paidMs, 99), baseline: unpaid(99) },
      { name: 'unpaid_p50_ms', value: percentile(unpaidMs, 50) },
      { name: 'unpaid_p99_ms', value: percentile(unpaidMs, 99) },
      { name: 'fdatasync_p50_ms', value: percentile(diskMs, 50) },
      { name: 'fdatasync_p99_ms', value: percentile(diskMs, 99) },
      { name: 'readings', value: paidMs.length },
    ];
    return figures;
  },
};
