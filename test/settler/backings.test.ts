import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { channelAccount, lineAccount, owedAccount } from '../../broker/settler/ledger/ledger.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { must } from '../world/deal.ts';
import { balanceOf } from './balance.ts';
import { type Housed, housed, nano } from './housed.ts';
import {
  claimRequest,
  closeRequest,
  crypto,
  evidenceFor,
  OTHER,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  ROOT,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';
import { earnedBy, enrol, granted, lineOf, lineRequest, notedIn, OWNER, SELLER, unitsOf } from './words.ts';

const guarantee = async ({ store, house }: Housed, units: number, expiryS = 0, debtor: Signer = OWNER) =>
  must(
    await setGuarantee(
      store,
      { debtor: debtor.key, currency: 'EUR', limitNano: nano(units), expiryS },
      house.clock.nowMs,
      crypto.sha256,
    ),
  );

const backings = housed(suite<Housed>('backings'));

backings.before.each(async ({ house }) => {
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
});

backings("takes a deposit, then the settler's line, then the payee's", async (context) => {
  const { store, house } = context;
  await house.deposit(3, 'R', OWNER);
  await guarantee(context, 4);
  notedIn(await house.ask(lineRequest(lineOf({ limit: 5 }))));
  assert.is(await granted(house, 1, 3), 'deposit');
  assert.is(await granted(house, 2, 4), 'guaranteed');
  assert.is(await granted(house, 3, 5), 'bilateral');
  assert.is(await granted(house, 4, 1), 'deposit-insufficient');
  assert.equal(
    await Promise.all(
      [lineAccount(null, OWNER.key), lineAccount(SELLER.key, OWNER.key)].map((a) => balanceOf(store, a)),
    ),
    [-nano(4), -nano(5)],
  );
});

backings('a guaranteed claim is earned at once, and owed to the settler', async (context) => {
  const { store, house } = context;
  await guarantee(context, 4);
  const channel = unitsOf(1, 4);
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, 3 * UNIT)));
  assert.is(await earnedBy(store, SELLER), nano(3));
  assert.is(await balanceOf(store, owedAccount(null, OWNER.key)), nano(3));
  await house.ask(closeRequest(channel, 3 * UNIT, PAYEE));
  assert.is(await balanceOf(store, lineAccount(null, OWNER.key)), -nano(3));
  assert.is(await granted(house, 2, 2), 'deposit-insufficient');
  assert.is(await granted(house, 3, 1), 'guaranteed');
});

backings('a bilateral claim is owed to the payee and is nobody else’s money', async ({ store, house }) => {
  await house.ask(lineRequest(lineOf({ limit: 4 })));
  const channel = unitsOf(1, 4);
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, 3 * UNIT)));
  assert.equal(
    [await earnedBy(store, SELLER), await balanceOf(store, owedAccount(SELLER.key, OWNER.key))],
    [0n, nano(3)],
  );
  assert.is(await balanceOf(store, channelAccount(toHex(channel.id))), nano(1));
  await house.ask(closeRequest(channel, 3 * UNIT, PAYEE));
  assert.is(await balanceOf(store, lineAccount(SELLER.key, OWNER.key)), -nano(3));
});

backings('a line ends at its expiry; what is granted on it stays', async (context) => {
  const { house } = context;
  await guarantee(context, 9, START_S + 60);
  await house.ask(lineRequest(lineOf({ limit: 9, expiryS: START_S + 120 })));
  assert.is(await granted(house, 1, 2), 'guaranteed');
  house.clock.nowMs = START_MS + 60_000;
  assert.is(await granted(house, 2, 2), 'bilateral');
  house.clock.nowMs = START_MS + 120_000;
  assert.is(await granted(house, 3, 2), 'deposit-insufficient');
  const channel = unitsOf(1, 2);
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.receipt?.paidNano, UNIT);
});

backings('a lower limit, or none, stops new grants and takes nothing back', async ({ house }) => {
  await house.ask(lineRequest(lineOf({ limit: 9 })));
  assert.is(await granted(house, 1, 5), 'bilateral');
  await house.ask(lineRequest(lineOf({ limit: 6, version: 2 })));
  assert.is(await granted(house, 2, 2), 'deposit-insufficient');
  assert.is(await granted(house, 3, 1), 'bilateral');
  await house.ask(lineRequest(lineOf({ limit: 0, version: 3 })));
  assert.is(await granted(house, 4, 1), 'deposit-insufficient');
  const channel = unitsOf(1, 5);
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, 5 * UNIT)), channel);
  assert.is(reply.receipt?.paidNano, 5 * UNIT);
});

backings('a line is for its creditor, its debtor and its currency', async ({ house }) => {
  const STRANGER = partyOf(13);
  await house.ask(lineRequest(lineOf({ creditor: STRANGER, limit: 9 })));
  await house.ask(lineRequest(lineOf({ debtor: STRANGER, limit: 9 })));
  await house.ask(lineRequest(lineOf({ currency: 'USD', limit: 9 })));
  assert.is(await granted(house, 1, 1), 'deposit-insufficient');
  // The payee's owner gives credit, not the device that sells.
  await house.ask(lineRequest(lineOf({ creditor: PAYEE, limit: 9 })));
  assert.is(await granted(house, 2, 1), 'deposit-insufficient');
  assert.is(await granted(house, 3, 1, { payee: STRANGER }), 'bilateral');
});

backings('nobody is lent money to pay itself', async (context) => {
  const { house } = context;
  await guarantee(context, 9);
  await enrol(house, { device: OTHER });
  assert.is(await granted(house, 1, 1, { payee: OTHER }), 'deposit-insufficient');
  assert.is(await granted(house, 2, 1), 'guaranteed');
});

backings('credit counts against the budget as money does', async (context) => {
  const { house } = context;
  await guarantee(context, 9);
  await enrol(house, { device: PAYER, total: 2, version: 2 });
  assert.is(await granted(house, 1, 2), 'guaranteed');
  assert.is(await granted(house, 2, 1), 'budget-exhausted');
});

backings('a line that the root signed is the settler’s own, whoever sells', async ({ store, house }) => {
  await house.ask(lineRequest(lineOf({ creditor: ROOT, limit: 3 })));
  assert.is(await granted(house, 1, 2), 'guaranteed');
  assert.is(await granted(house, 2, 1, { payee: ROOT }), 'guaranteed');
  assert.is(await granted(house, 3, 1, { payee: ROOT }), 'deposit-insufficient');
  assert.is(await balanceOf(store, lineAccount(null, OWNER.key)), -nano(3));
});

backings('setting the same line again is no new version', async (context) => {
  const first = await guarantee(context, 4);
  const again = await guarantee(context, 4);
  assert.equal([first.version, again.version, again.bookedIndex], [1, 1, first.bookedIndex]);
  const raised = await guarantee(context, 5, START_S + 60);
  assert.equal([raised.version, raised.limitNano, raised.expiryS], [2, 5 * UNIT, START_S + 60]);
});

backings.run();
