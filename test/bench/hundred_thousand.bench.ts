/**
 * 50 sellers sell 2,000 readings each to 50 buyers, over Mosquitto with a settler's worker beside it on
 * PostgreSQL (on SQLite where there is none): from the sensors to one bank file, with every book compared.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun } from '../../broker/settler/bank/payouts.ts';
import type { Lease } from '../../broker/settler/reports/lease.ts';
import { openStore } from '../../broker/settler/store/open.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { crypto, PRICE_NANO, signerOf, taken } from '../agent/market.ts';
import { userOf } from '../cluster/foreign.ts';
import { ForeignMarket, SETTLER } from '../cluster/foreign-market.ts';
import { startMosquitto } from '../cluster/mosquitto.ts';
import { startPostgres } from '../settler/postgres.ts';
import type { Bench } from './bench.ts';
import { percentile } from './measure.ts';
import { BUYER_SEEDS, sleep } from './stream.ts';
import type { TradeResult, TradeWork } from './trade-process.ts';

const PAIRS = 50;
const READINGS = 2000;
/** 100 readings a second from each seller: 5,000 altogether. */
const PERIOD_MS = 10;
/** More than a lease comes to: a channel also has room for the ticks of one chain. */
const DEPOSIT_NANO = 10_000_000_000n;
const IBAN = 'DE89370400440532013000';
const PROCESS = fileURLToPath(new URL('./trade-process.ts', import.meta.url));

const sellers = Array.from({ length: PAIRS }, (_, i) => i + 1);
const buyers = sellers.map((seed) => BUYER_SEEDS + seed);

/** What the child says, in its order; a child that dies instead fails the benchmark. */
const said = (child: ChildProcess, what: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const heard = (message: unknown): void => {
      if (what !== '' && message !== what) return;
      child.off('message', heard);
      resolve(message);
    };
    child.on('message', heard);
    child.once('exit', (code) => reject(new Error(`a process of the benchmark ended with ${code}`)));
  });

const resultOf = async (child: ChildProcess): Promise<TradeResult> => {
  const result = said(child, '');
  child.send('result');
  return (await result) as TradeResult;
};

/** Nanos and readings by which the parties' figures and the settler's part. */
const differencesIn = (lines: readonly Lease[], bought: TradeResult): number => {
  const wanted = READINGS * PRICE_NANO;
  const inBooks = lines.reduce(
    (sum, line) =>
      sum +
      Math.abs((line.delivered ?? 0) - READINGS) +
      Math.abs((line.paid ?? 0) - READINGS) +
      Math.abs((line.soldNano ?? 0) - wanted) +
      Math.abs(line.claimedNano - wanted),
    0,
  );
  const missing = bought.timesMs.map((times) => READINGS - times.filter((time) => time !== null).length);
  return inBooks + missing.reduce((sum, each) => sum + Math.abs(each), Math.abs(lines.length - PAIRS));
};

const isSettled = (line: Lease): boolean => line.soldNano !== null && line.soldNano === line.claimedNano;

const payOut = async (store: Store): Promise<number> => {
  for (const seed of [SETTLER, ...sellers]) {
    taken(await setOwner(store, signerOf(seed).key, { name: `Owner ${seed}`, iban: IBAN, bic: null }));
  }
  const order = { period: '2026-11-20', sequence: 1, thresholdNano: 1n, executionDate: '2026-11-23' };
  return taken(await makeRun(store, order, Date.now(), crypto.sha256)).payouts.length;
};

export const bench: Bench = {
  name: 'hundred_thousand',
  summary:
    '100,000 paid readings from 50 sellers to 50 buyers over Mosquitto, from the sensors to a bank file',
  run: async (progress) => {
    const broker = await startMosquitto([
      ...[...sellers, ...buyers].map((seed) => userOf(seed)),
      userOf(SETTLER, 'settler'),
    ]);
    if (typeof broker === 'string') throw new Error(broker);
    const postgres = await startPostgres();
    const database = typeof postgres === 'string' ? undefined : await postgres.create();
    progress(database === undefined ? `on SQLite: ${postgres}` : 'on PostgreSQL');
    const market = new ForeignMarket({ broker, qos: 1, ...(database !== undefined && { database }) });
    const children: ChildProcess[] = [];
    const start = (role: TradeWork['role']): ChildProcess => {
      const work: TradeWork = {
        role,
        url: broker.url,
        pairs: PAIRS,
        readings: READINGS,
        periodMs: PERIOD_MS,
      };
      const child = fork(PROCESS, [JSON.stringify(work)]);
      children.push(child);
      return child;
    };
    try {
      await market.worker('one');
      for (const seed of buyers) await market.deposit(seed, DEPOSIT_NANO);
      const selling = start('sellers');
      const begun = said(selling, 'begun');
      const buying = start('buyers');
      const all = said(buying, 'bought');
      await begun;
      const startedMs = performance.now();
      progress('every lease stands');
      await all;
      const tookMs = performance.now() - startedMs;
      progress('every reading is bought; waiting for statements and claims');
      let lines = await market.ledger();
      while (!(lines.length === PAIRS && lines.every(isSettled))) {
        await sleep(500);
        lines = await market.ledger();
      }
      const sold = await resultOf(selling);
      const bought = await resultOf(buying);
      const latencyMs = sold.timesMs.flatMap((times, pair) =>
        times.map((time, n) => (bought.timesMs[pair]![n] ?? Number.POSITIVE_INFINITY) - time),
      );
      const store = taken(await openStore(market.database));
      const transfers = await payOut(store);
      await store.close();
      const claims = lines.reduce((sum, line) => sum + line.evidence.claims.count, 0);
      return [
        { name: 'readings', value: latencyMs.length, target: { min: PAIRS * READINGS } },
        { name: 'differences', value: differencesIn(lines, bought), target: { max: 0 } },
        { name: 'p50_ms', value: percentile(latencyMs, 50) },
        { name: 'p99_ms', value: percentile(latencyMs, 99) },
        { name: 'bytes_per_reading', value: sold.bytes / latencyMs.length },
        { name: 'claims', value: claims },
        // Each seller has a net credit, and no buyer has: fewer cannot pay them all.
        { name: 'bank_transfers', value: transfers, target: { max: PAIRS } },
        { name: 'readings_per_s', value: (latencyMs.length / tookMs) * 1000 },
      ];
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await market.close();
      await broker.stop();
      if (typeof postgres !== 'string') await postgres.stop();
    }
  },
};
