/** Suites around a settler on a store in memory, which is verified and audited after each test. */

import type { Callback, Test } from 'uvu';
import * as assert from 'uvu/assert';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { balanceOf } from './balance.ts';
import { crypto, type House, houseOver, PAYEE, PAYER, UNIT } from './parties.ts';

export type Housed = { store: Store; house: House };

const check = async ({ store, house }: Housed): Promise<void> => {
  await house.settler.close();
  const verified = await verifyStore(store, crypto.sha256);
  assert.ok(verified.ok, verified.ok ? '' : verified.detail);
  const audited = await auditStore(store, { crypto });
  assert.is(audited.ok && audited.value.fault, null);
};

/** Before each test of the suite the payer has paid in 10 units. */
export const housed = (suite: Test<Housed>): Test<Housed> => {
  suite.before.each(async (context) => {
    context.store = openMemoryStore();
    context.house = await houseOver(context.store);
    await context.house.deposit(10, 'BANK-1');
  });
  // Not in a hook, whose failures uvu keeps to itself.
  const checked = (name: string, test: Callback<Housed>) =>
    suite(name, async (context) => {
      await test(context);
      await check(context);
    });
  suite.after.each(({ house }) => house.settler.close());
  return Object.assign(checked, suite);
};

export const deposited = (store: Store): Promise<bigint> => balanceOf(store, depositAccount(PAYER.key));
export const earned = (store: Store): Promise<bigint> => balanceOf(store, earnedAccount(PAYEE.key));
export const nano = (units: number): bigint => BigInt(units) * BigInt(UNIT);
