/** The scripted day of a settler that tests of crashes live through, and what is stored at its end. */

import * as assert from 'uvu/assert';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  ROOT,
  START_MS,
  statementRequest,
  UNIT,
} from './parties.ts';

const ORDER = { period: '2026-11-20', sequence: 1, thresholdNano: 0n, executionDate: '2026-11-23' };
const BANK = { name: 'Owner', iban: 'FI1410093000123458', bic: null };

/** A day of a settler, each step as its sender would repeat it; true where it was acknowledged. */
export const DAY: readonly ((store: Store) => Promise<boolean>)[] = (() => {
  const [a, b] = [openOf({ nonce: 1 }), openOf({ nonce: 2 })];
  const deposit = { owner: PAYER.key, currency: 'EUR', nano: 20n * BigInt(UNIT), reference: 'BANK-1' };
  const ask =
    (bytes: readonly Uint8Array[], atMs = START_MS) =>
    async (store: Store): Promise<boolean> => {
      const house = await houseOver(store, {}, { nowMs: () => atMs }).catch(() => undefined);
      if (house === undefined) return false;
      const replies = await Promise.all(bytes.map((one) => house.ask(one)));
      await house.settler.close();
      return replies.every((reply) => reply.code === undefined);
    };
  const sweep =
    (atMs: number) =>
    async (store: Store): Promise<boolean> => {
      const house = await houseOver(store, {}, { nowMs: () => atMs }).catch(() => undefined);
      await house?.settler.close();
      return house !== undefined;
    };
  return [
    async (store) => (await bookDeposit(store, deposit, START_MS, crypto.sha256)).ok,
    ask([openRequest(a), openRequest(b)]),
    ask([claimRequest(a, evidenceFor(a, 1, UNIT, 5)), claimRequest(b, evidenceFor(b, 1, 3 * UNIT))]),
    ask([claimRequest(a, evidenceFor(a, 1, UNIT, 9)), statementRequest(agreedOf(a, UNIT + 9000, 3))]),
    ask([closeRequest(a, UNIT + 9000, PAYEE)]),
    sweep(START_MS + 3 * DAY_MS),
    sweep(START_MS + 3 * DAY_MS + 250_000),
    async (store) => (await setOwner(store, ROOT.key, { ...BANK, iban: 'DE75512108001245126199' })).ok,
    async (store) => (await setOwner(store, PAYEE.key, BANK)).ok,
    async (store) => (await makeRun(store, ORDER, START_MS, crypto.sha256)).ok,
    async (store) => {
      const run = await makeRun(store, ORDER, START_MS, crypto.sha256);
      if (!run.ok) return false;
      const [payout] = run.value.payouts;
      return (await settlePayout(store, run.value.run.id, payout!.id, 'posted', START_MS, crypto.sha256)).ok;
    },
  ];
})();

/** What is stored at the end, to compare with a day on which nothing happened. */
export const endOf = async (store: Store): Promise<unknown> => {
  const verified = await verifyStore(store, crypto.sha256);
  if (!verified.ok) throw new Error(verified.detail);
  const read = await store.read(async (reader) => ({
    rows: (await reader.journal(0, 1000)).map((row) => row.key),
    balances: await reader.balancesUnder('', null, 1000),
    channels: (await reader.page('channel', [], null, 1000)).map(({ id, paidNano, closed }) => [
      toHex(id),
      paidNano,
      closed,
    ]),
    payouts: await reader.payoutsOf('2026-11-20-1'),
  }));
  if (!read.ok) throw new Error(read.detail);
  return read.value;
};

export const liveDay = async (store: Store): Promise<void> => {
  for (const step of DAY) assert.ok(await step(store));
};
