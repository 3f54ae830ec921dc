import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Default, writeOff } from '../../broker/settler/credit/defaults.ts';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { type Repayment, repay } from '../../broker/settler/credit/repayments.ts';
import { bookTransfer, type Transfer } from '../../broker/settler/credit/transfers.ts';
import {
  ADVANCED_ACCOUNT,
  LOSS_ACCOUNT,
  lineAccount,
  owedAccount,
} from '../../broker/settler/ledger/ledger.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { must } from '../world/deal.ts';
import { balanceOf } from './balance.ts';
import { type Housed, housed, nano } from './housed.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  type OpenedChannel,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  ROOT,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';
import {
  depositedBy,
  disputeOf,
  disputeRequest,
  earnedBy,
  enrol,
  lineOf,
  lineRequest,
  OWNER,
  SELLER,
} from './words.ts';

/** A second seller, of nobody else. */
const RIVAL = partyOf(15);

const order = (reference: string, units: number, owner: Signer = OWNER) => ({
  owner: owner.key,
  currency: 'EUR',
  nano: nano(units),
  reference,
});

const codeOf = async (result: Promise<{ ok: boolean; code?: string }>): Promise<string> => {
  const done = await result;
  return done.ok ? 'ok' : done.code!;
};

const transfers = housed(suite<Housed>('withdrawals and top-ups'));

const transfer = (store: Store, kind: Transfer['kind'], reference: string, units: number, owner = PAYER) =>
  bookTransfer(store, { kind, ...order(reference, units, owner) }, START_MS, crypto.sha256);

transfers('move an owner’s money there and back', async ({ store }) => {
  must(await transfer(store, 'withdrawal', 'W-1', 4));
  assert.equal([await depositedBy(store, PAYER), await earnedBy(store, PAYER)], [nano(6), nano(4)]);
  must(await transfer(store, 'top-up', 'T-1', 3));
  assert.equal([await depositedBy(store, PAYER), await earnedBy(store, PAYER)], [nano(9), nano(1)]);
});

transfers('never move what is not there', async ({ store }) => {
  assert.is(await codeOf(transfer(store, 'withdrawal', 'W-1', 11)), 'deposit-insufficient');
  assert.is(await codeOf(transfer(store, 'top-up', 'T-1', 1)), 'deposit-insufficient');
  assert.is(await codeOf(transfer(store, 'withdrawal', 'W-1', 0)), 'value-out-of-range');
  assert.is(await codeOf(transfer(store, 'withdrawal', 'two words', 1)), 'value-out-of-range');
  assert.is(await codeOf(transfer(store, 'withdrawal', '', 1)), 'value-out-of-range');
});

transfers('are booked once under their reference', async ({ store }) => {
  const first = must(await transfer(store, 'withdrawal', 'X', 4));
  const again = must(await transfer(store, 'withdrawal', 'X', 4));
  assert.equal([again.repeated, again.row.index], [true, first.row.index]);
  assert.is(await codeOf(transfer(store, 'withdrawal', 'X', 5)), 'reference-reused');
  assert.is(await codeOf(transfer(store, 'withdrawal', 'X', 4, OTHER)), 'reference-reused');
  // Each kind has references of its own.
  must(await transfer(store, 'top-up', 'X', 4));
  assert.is(await depositedBy(store, PAYER), nano(10));
});

transfers.run();

/** Debts of OWNER: 4 to the settler, since the first minute; 3 to SELLER since the second, 2 to RIVAL since the third. */
const indebted = async ({ store, house }: Housed): Promise<readonly OpenedChannel[]> => {
  const line = { debtor: OWNER.key, currency: 'EUR', limitNano: nano(4), expiryS: 0 };
  must(await setGuarantee(store, line, START_MS, crypto.sha256));
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(lineRequest(lineOf({ limit: 10 })));
  await house.ask(lineRequest(lineOf({ creditor: RIVAL, limit: 10 })));
  const channels = [
    openOf({ nonce: 1, limitNano: 4 * UNIT }),
    openOf({ nonce: 2, limitNano: 3 * UNIT }),
    openOf({ nonce: 3, limitNano: 2 * UNIT, payee: RIVAL }),
  ];
  for (const channel of channels) {
    house.clock.nowMs += 60_000;
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, channel.limitNano)));
  }
  return channels;
};

const owed = async (store: Store) =>
  Promise.all(
    [null, SELLER.key, RIVAL.key].map((creditor) => balanceOf(store, owedAccount(creditor, OWNER.key))),
  );

const repayments = housed(suite<Housed>('repayments'));

const pay = (store: Store, reference: string, units: number, more: Partial<Repayment> = {}) => {
  const asked = { debtor: OWNER.key, currency: 'EUR', nano: nano(units), reference, ...more };
  return repay(store, asked, START_MS, crypto.sha256);
};

repayments('pay the oldest credit first, whoever gave it', async (context) => {
  await indebted(context);
  const { store, house } = context;
  await house.deposit(20, 'R', OWNER);
  assert.equal(await owed(store), [nano(4), nano(3), nano(2)]);
  assert.equal(must(await pay(store, 'P-1', 5)).parts, [
    { creditor: null, nano: nano(4) },
    { creditor: SELLER.key, nano: nano(1) },
  ]);
  assert.equal(await owed(store), [0n, nano(2), nano(2)]);
  must(await pay(store, 'P-2', 4));
  assert.equal(await owed(store), [0n, 0n, 0n]);
  assert.is(await depositedBy(store, OWNER), nano(11));
  // The settler had paid SELLER what it guaranteed; the rest came now.
  assert.equal([await earnedBy(store, SELLER), await earnedBy(store, RIVAL)], [nano(7), nano(2)]);
  const used = [null, SELLER.key, RIVAL.key].map((creditor) =>
    balanceOf(store, lineAccount(creditor, OWNER.key)),
  );
  assert.equal(await Promise.all(used), [0n, 0n, 0n], 'every line is free again');
  assert.is(await balanceOf(store, ADVANCED_ACCOUNT), 0n);
});

repayments('count the age of a credit from the first channel that was paid on it', async (context) => {
  const { store, house } = context;
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(lineRequest(lineOf({ limit: 10 })));
  await house.ask(lineRequest(lineOf({ creditor: RIVAL, limit: 10 })));
  // RIVAL's first channel is the oldest of all, and nothing was claimed on it.
  await house.ask(openRequest(openOf({ nonce: 1, limitNano: UNIT, payee: RIVAL })));
  for (const [nonce, payee] of [PAYEE, RIVAL].entries()) {
    house.clock.nowMs += 60_000;
    const channel = openOf({ nonce: 2 + nonce, limitNano: 2 * UNIT, payee });
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, 2 * UNIT)));
  }
  await house.deposit(20, 'R', OWNER);
  assert.equal(must(await pay(store, 'P', 1)).parts, [{ creditor: SELLER.key, nano: nano(1) }]);
});

repayments('pay the creditor that is named', async (context) => {
  await indebted(context);
  const { store, house } = context;
  await house.deposit(20, 'R', OWNER);
  must(await pay(store, 'P-1', 2, { creditor: RIVAL.key }));
  must(await pay(store, 'P-2', 1, { creditor: null }));
  assert.equal(await owed(store), [nano(3), nano(3), 0n]);
});

repayments('are all of it or nothing, and never more than is owed', async (context) => {
  await indebted(context);
  const { store, house } = context;
  assert.is(await codeOf(pay(store, 'P', 1)), 'deposit-insufficient');
  await house.deposit(5, 'R', OWNER);
  // The deposit covers the settler's part and not all of the next.
  assert.is(await codeOf(pay(store, 'P', 6)), 'deposit-insufficient');
  assert.equal(await owed(store), [nano(4), nano(3), nano(2)]);
  await house.deposit(50, 'S', OWNER);
  assert.is(await codeOf(pay(store, 'P', 10)), 'value-out-of-range');
  assert.is(await codeOf(pay(store, 'P', 3, { creditor: RIVAL.key })), 'value-out-of-range');
  assert.is(await codeOf(pay(store, 'P', 1, { creditor: OTHER.key })), 'value-out-of-range');
  assert.is(await codeOf(pay(store, 'P', 1, { currency: 'USD' })), 'value-out-of-range');
  assert.is(await codeOf(pay(store, 'P', 1, { debtor: OTHER.key })), 'value-out-of-range');
  must(await pay(store, 'P', 9));
});

repayments('are booked once under their reference', async (context) => {
  await indebted(context);
  const { store, house } = context;
  await house.deposit(20, 'R', OWNER);
  const first = must(await pay(store, 'P', 5));
  const again = must(await pay(store, 'P', 5));
  assert.equal([again.repeated, again.parts.length], [true, first.parts.length]);
  assert.equal(await owed(store), [0n, nano(2), nano(2)]);
  assert.is(await codeOf(pay(store, 'P', 4)), 'reference-reused');
  assert.is(await codeOf(pay(store, 'P', 5, { creditor: null })), 'reference-reused');
  assert.is(await codeOf(pay(store, 'P', 5, { debtor: OTHER.key })), 'reference-reused');
  // A reference that begins like another is another.
  must(await pay(store, 'P/settler', 1));
  assert.is(must(await pay(store, 'P', 5)).repeated, true);
  assert.equal(await owed(store), [0n, nano(1), nano(2)]);
});

repayments('leave out what is disputed', async (context) => {
  const [, bilateral] = await indebted(context);
  const { store, house } = context;
  await house.deposit(20, 'R', OWNER);
  await house.ask(disputeRequest(bilateral!, disputeOf(bilateral!, PAYEE, { totalNano: 9 * UNIT })));
  assert.is(await codeOf(pay(store, 'P', 1, { creditor: SELLER.key })), 'value-out-of-range');
  assert.equal(must(await pay(store, 'P', 6)).parts, [
    { creditor: null, nano: nano(4) },
    { creditor: RIVAL.key, nano: nano(2) },
  ]);
});

repayments('never free what is only reserved', async (context) => {
  const { store, house } = context;
  const line = { debtor: OWNER.key, currency: 'EUR', limitNano: nano(4), expiryS: 0 };
  must(await setGuarantee(store, line, START_MS, crypto.sha256));
  await enrol(house, { device: PAYER });
  await house.ask(openRequest(openOf({ limitNano: 4 * UNIT })));
  await house.deposit(20, 'R', OWNER);
  assert.is(await codeOf(pay(store, 'P', 1)), 'value-out-of-range');
  assert.is(await balanceOf(store, lineAccount(null, OWNER.key)), -nano(4));
});

repayments.run();

const defaults = housed(suite<Housed>('defaults'));

const lose = (store: Store, reference: string, units: number, creditor: Default['creditor']) =>
  writeOff(
    store,
    { debtor: OWNER.key, creditor, currency: 'EUR', nano: nano(units), reference },
    START_MS,
    crypto.sha256,
  );

defaults('of what is guaranteed are the settler’s loss', async (context) => {
  await indebted(context);
  const { store } = context;
  must(await lose(store, 'D-1', 3, null));
  assert.equal(
    [await balanceOf(store, LOSS_ACCOUNT), await balanceOf(store, ADVANCED_ACCOUNT)],
    [-nano(3), -nano(1)],
  );
  assert.equal(await owed(store), [nano(1), nano(3), nano(2)]);
  assert.is(await balanceOf(store, lineAccount(null, OWNER.key)), -nano(1));
  assert.is(await earnedBy(store, SELLER), nano(4), 'whoever sold has its money');
});

defaults('of what is bilateral are the loss of whoever gave credit', async (context) => {
  await indebted(context);
  const { store } = context;
  must(await lose(store, 'D-1', 2, RIVAL.key));
  assert.equal(await owed(store), [nano(4), nano(3), 0n]);
  assert.equal([await balanceOf(store, LOSS_ACCOUNT), await earnedBy(store, RIVAL)], [0n, 0n]);
});

defaults('are never more than is owed, and booked once', async (context) => {
  await indebted(context);
  const { store } = context;
  assert.is(await codeOf(lose(store, 'D', 5, null)), 'value-out-of-range');
  assert.is(await codeOf(lose(store, 'D', 1, OTHER.key)), 'value-out-of-range');
  must(await lose(store, 'D', 4, null));
  assert.is(must(await lose(store, 'D', 4, null)).repeated, true, 'though nothing is owed any more');
  assert.is(await codeOf(lose(store, 'D', 3, RIVAL.key)), 'reference-reused');
  assert.equal(await owed(store), [0n, nano(3), nano(2)]);
});

defaults.run();

const guarantees = housed(suite<Housed>('guarantees'));

guarantees(
  'are refused to the settler itself, beyond one amount, and when they are over',
  async ({ store }) => {
    const set = (debtor: Signer, limitNano: bigint, expiryS = START_S + 1) =>
      setGuarantee(
        store,
        { debtor: debtor.key, currency: 'EUR', limitNano, expiryS },
        START_MS,
        crypto.sha256,
      );
    assert.is(await codeOf(set(ROOT, nano(1))), 'value-out-of-range');
    assert.is(await codeOf(set(OWNER, 2n ** 53n)), 'value-out-of-range');
    assert.is(await codeOf(set(OWNER, 1n, START_S)), 'value-out-of-range');
    assert.is(await codeOf(set(OWNER, 2n ** 53n - 1n)), 'ok');
  },
);

guarantees('go on from a line that the root signed', async ({ store, house }) => {
  await house.ask(lineRequest(lineOf({ creditor: ROOT, version: 7, limit: 3 })));
  const line = { debtor: OWNER.key, currency: 'EUR', limitNano: nano(5), expiryS: 0 };
  const set = must(await setGuarantee(store, line, START_MS, crypto.sha256));
  assert.equal([set.version, set.limitNano, set.bytes.length], [8, 5 * UNIT, 0]);
  assert.is((await house.ask(lineRequest(lineOf({ creditor: ROOT, version: 8 })))).code, 'version-stale');
});

guarantees.run();
