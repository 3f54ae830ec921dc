import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, type RunOrder, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { filesOfRun } from '../../broker/settler/bank/run-files.ts';
import { earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { balanceOf } from './balance.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  type House,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  ROOT,
  START_MS,
  UNIT,
} from './parties.ts';

const ORDER: RunOrder = {
  period: '2026-11-20',
  sequence: 1,
  thresholdNano: 10_000_000n,
  executionDate: '2026-11-23',
};
const BANK = { name: 'Owner', iban: 'FI1410093000123458', bic: null };

type Context = { store: Store; house: House };
const payouts = suite<Context>('payouts');

payouts.before.each(async (context) => {
  context.store = openMemoryStore();
  context.house = await houseOver(context.store);
  await context.house.deposit(100, 'BANK-1');
  await setOwner(context.store, ROOT.key, {
    name: 'Settler',
    iban: 'DE75512108001245126199',
    bic: 'SOGEDEFF',
  });
});
payouts.after.each(async ({ store, house }) => {
  await house.settler.close();
  const verified = await verifyStore(store, crypto.sha256);
  assert.ok(verified.ok, verified.ok ? '' : verified.detail);
});

/** The payee earns so much on a channel of its own. */
const earn = async (house: House, totalNano: number, nonce: number, payee = PAYEE): Promise<void> => {
  const channel = openOf({ nonce, payee, limitNano: 20 * UNIT });
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, totalNano)));
};

const earned = (store: Store): Promise<bigint> => balanceOf(store, earnedAccount(PAYEE.key));

const make = async (store: Store, order: Partial<RunOrder> = {}, nowMs = START_MS) => {
  const made = await makeRun(store, { ...ORDER, ...order }, nowMs, crypto.sha256);
  if (!made.ok) throw new Error(`${made.code}: ${made.detail}`);
  return made.value;
};

payouts('pays whole cents and leaves the dust where it was earned', async ({ store, house }) => {
  await setOwner(store, PAYEE.key, BANK);
  await earn(house, 12_345_678_901, 1);
  const { payouts: made } = await make(store);
  assert.equal(
    made.map((payout) => payout.nano),
    [12_340_000_000n],
  );
  assert.is(await earned(store), 5_678_901n);
});

payouts('writes the same file again, whatever has happened since', async ({ store, house }) => {
  await setOwner(store, PAYEE.key, BANK);
  await earn(house, UNIT, 1);
  const first = filesOfRun(await make(store), ROOT.key);
  await earn(house, 2 * UNIT, 2);
  await setOwner(store, PAYEE.key, { ...BANK, iban: 'DE75512108001245126199' });
  const later = await make(store, { executionDate: '2026-12-01', thresholdNano: 0n }, START_MS + 99_999);
  assert.is(later.repeated, true);
  assert.equal(filesOfRun(later, ROOT.key), first);
  assert.is(await earned(store), 2n * BigInt(UNIT));
  const second = await make(store, { sequence: 2 });
  assert.equal(
    second.payouts.map((payout) => payout.nano),
    [2n * BigInt(UNIT)],
  );
  assert.is.not(second.payouts[0]!.id, later.payouts[0]!.id);
});

payouts('carries over what is below the threshold, and who has no bank details', async ({ store, house }) => {
  await setOwner(store, PAYEE.key, BANK);
  await earn(house, UNIT - 1, 1);
  await earn(house, 3 * UNIT, 2, OTHER);
  const made = await make(store, { thresholdNano: BigInt(UNIT) });
  assert.equal(made.payouts, []);
  assert.equal(made.waiting, [earnedAccount(OTHER.key)]);
  await earn(house, 1, 3);
  const next = await make(store, { thresholdNano: BigInt(UNIT) });
  assert.equal([next.repeated, next.payouts.length], [false, 1]);
});

payouts('posts or voids each payout once, and never both', async ({ store, house }) => {
  await setOwner(store, PAYEE.key, BANK);
  await earn(house, UNIT, 1);
  const { run, payouts: made } = await make(store);
  const settle = async (id: string, state: 'posted' | 'voided') => {
    const settled = await settlePayout(store, run.id, id, state, START_MS, crypto.sha256);
    return settled.ok ? settled.value.state : settled.code;
  };
  assert.is(await settle('unknown', 'posted'), 'payout-unknown');
  assert.is(await settle(made[0]!.id, 'voided'), 'voided');
  assert.is(await settle(made[0]!.id, 'voided'), 'voided');
  assert.is(await settle(made[0]!.id, 'posted'), 'payout-unknown');
  assert.is(await earned(store), BigInt(UNIT));
  const again = await make(store, { sequence: 2 });
  assert.is(
    await settlePayout(store, again.run.id, again.payouts[0]!.id, 'posted', START_MS, crypto.sha256).then(
      (r) => r.ok,
    ),
    true,
  );
  assert.is(await earned(store), 0n);
});

payouts("needs the settler's own account, a sequence and a calendar day", async ({ house }) => {
  const bare = openMemoryStore();
  const codeOf = async (store: Store, order: Partial<RunOrder> = {}) => {
    const made = await makeRun(store, { ...ORDER, ...order }, START_MS, crypto.sha256);
    return made.ok ? 'made' : made.code;
  };
  assert.is(await codeOf(bare), 'config-invalid');
  await (await houseOver(bare)).settler.close();
  assert.is(await codeOf(bare), 'bank-details');
  assert.is(await codeOf(bare, { sequence: 0 }), 'value-out-of-range');
  assert.is(await codeOf(bare, { period: 'today' }), 'value-out-of-range');
  assert.ok(house);
});
payouts.run();

const deposits = suite('deposits');

deposits('are booked once per reference', async () => {
  const store = openMemoryStore();
  const book = async (nano: bigint, reference = 'R', owner = PAYER) => {
    const deposit = { owner: owner.key, currency: 'EUR', nano, reference };
    const booked = await bookDeposit(store, deposit, START_MS, crypto.sha256);
    return booked.ok ? booked.value.repeated : booked.code;
  };
  assert.is(await book(9007199254740993n), false);
  assert.is(await book(9007199254740993n), true);
  assert.is(await book(1n), 'reference-reused');
  assert.is(await book(9007199254740993n, 'R', PAYEE), 'reference-reused');
  assert.is(await book(0n, 'S'), 'value-out-of-range');
  assert.is(await book(1n, 'with space'), 'value-out-of-range');
  assert.is(await book(2n ** 63n - 1n, 'T'), 'value-out-of-range');
  const verified = await verifyStore(store, crypto.sha256);
  assert.is(verified.ok && verified.value.rows, 1);
});
deposits.run();
