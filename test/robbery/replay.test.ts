/** Robberies by saying something true a second time, or something that was true once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { balanceOf } from '../settler/balance.ts';
import {
  claimRequest,
  closeRequest,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  queryRequest,
  UNIT,
} from '../settler/parties.ts';
import { dealOf, grantFor } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';

const settled = async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(10, 'BANK-1');
  const balances = async (): Promise<[bigint, bigint]> => [
    await balanceOf(store, depositAccount(PAYER.key)),
    await balanceOf(store, earnedAccount(PAYEE.key)),
  ];
  return { house, balances };
};

const replay = suite('replays');

replay('a tick that is sent again pays nothing again', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.tick(1, 1));
  const delivered = lone.delivered.length;
  for (let i = 0; i < 50; i++) lone.hear(lone.payer.tick(1, 1));
  assert.is(lone.sale.verifiedNano, P);
  assert.is(lone.delivered.length, delivered);
});

replay('a voucher that is sent again pays nothing again, and does not take back its ticks', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  const voucher = lone.payer.voucher({ seq: 2, cumulativeNano: P });
  lone.hear(voucher);
  lone.hear(lone.payer.tick(2, 3));
  lone.hear(voucher);
  assert.is(lone.sale.verifiedNano, 4 * P);
  lone.hear(lone.payer.tick(2, 4));
  assert.is(lone.sale.verifiedNano, 5 * P);
});

replay('an old tick after a new one does not lower what is held', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.tick(1, 5));
  lone.hear(lone.payer.tick(1, 2));
  assert.is(lone.sale.verifiedNano, 5 * P);
});

replay('an old voucher after a new one does not lower what is held', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  const old = lone.payer.voucher({ seq: 2, cumulativeNano: P });
  lone.hear(old);
  lone.hear(lone.payer.voucher({ seq: 3, cumulativeNano: 4 * P }));
  lone.hear(old);
  assert.is(lone.sale.verifiedNano, 4 * P);
  assert.is(lone.sale.held!.current!.voucher.seq, 3);
});

replay('a grant that is shown again changes nothing, an older version neither', () => {
  const deal = dealOf();
  const lone = LoneSale.selling(deal, 0);
  const larger = grantFor(deal, { version: 2, limitNano: deal.channel.open.limitNano + P });
  lone.control({ kind: 'grant', parts: [deal.openBytes, larger] });
  const { limitNano } = lone.sale.held!;
  const records = lone.records.length;
  lone.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
  lone.control({ kind: 'grant', parts: [deal.openBytes, larger] });
  assert.is(limitNano, deal.channel.open.limitNano + P);
  assert.is(lone.sale.held!.limitNano, limitNano);
  assert.is(lone.records.length, records);
});

replay('a reading that is delivered again is not paid again', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 5);
  for (let i = 0; i < 20; i++) lone.readings(1, 5);
  lone.wait(60_000);
  assert.equal(lone.bought, [1, 2, 3, 4, 5]);
  assert.is(lone.wire.releasedNano, 5 * P);
});

replay('a claim that is sent again, by anyone, books nothing again', async () => {
  const { house, balances } = await settled();
  const channel = openOf();
  await house.ask(openRequest(channel));
  const claim = claimRequest(channel, evidenceFor(channel, 1, UNIT, 3));
  for (const from of [PAYEE, PAYEE, OTHER, PAYER]) await house.ask(claim, channel, from);
  assert.equal(await balances(), [5_000_000_000n, BigInt(UNIT + 3000)]);
});

replay('an open that is sent again reserves nothing again, even after its channel closed', async () => {
  const { house, balances } = await settled();
  const channel = openOf();
  const open = openRequest(channel);
  for (let i = 0; i < 5; i++) assert.is((await house.ask(open, channel)).kind, 'grant');
  assert.is((await balances())[0], 5_000_000_000n);
  await house.ask(closeRequest(channel, 0, PAYEE), channel);
  for (let i = 0; i < 5; i++) assert.is((await house.ask(open, channel)).receipt?.final, true);
  assert.is((await balances())[0], 10_000_000_000n);
});

replay('older evidence after a claim does not take money back', async () => {
  const { house, balances } = await settled();
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 2, 3 * UNIT)), channel);
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.receipt?.paidNano, 3 * UNIT);
  assert.is((await balances())[1], BigInt(3 * UNIT));
});

replay('an answer of the settler to one question is no answer to another', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.hear(lone.payer.tick(1, 3));
  lone.sync();
  lone.wait(2000);
  const [claim] = lone.asked('claim');
  const id = claim!.id.slice();
  id[0]! ^= 1;
  lone.tell({ kind: 'reply', request: { kind: 'refusal', id, parts: [41, 'closed'] } });
  assert.is(lone.sale.outbox.length, 1, 'still waits for the answer');
  assert.is(lone.asked('query').length, 0);
});

replay('one answer of the settler counts once', async () => {
  const lone = new LonePurchase();
  const [offer] = lone.asked('offer');
  lone.lease();
  const records = lone.records.length;
  lone.reply({ kind: 'lease', id: offer!.id, parts: [lone.deal.lease.bytes] });
  assert.is(lone.records.length, records);
});

replay.run();

const rollback = suite('rollbacks');

rollback('a voucher with a lower total and a higher seq is refused with the best evidence', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.tick(1, 5));
  lone.clear();
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 4 * P }));
  assert.equal(lone.refusals, ['voucher-goes-back']);
  assert.is(lone.sale.verifiedNano, 5 * P);
  const [, , voucher, tick] = lone.controls('refusal')[0]!.parts;
  assert.equal(tick, lone.payer.tick(1, 5));
  assert.equal(voucher, lone.payer.voucher({ seq: 1 }));
});

rollback('a voucher signed again lower under the same seq changes nothing', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 3 * P }));
  const held = lone.sale.held!.current;
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: P, fork: 1 }));
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 5 * P, fork: 2 }));
  assert.is(lone.sale.held!.current, held);
  assert.is(lone.sale.verifiedNano, 3 * P);
});

rollback('a refused voucher leaves no trace: the ticks of the one before still count', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.tick(1, 2));
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: P }));
  lone.hear(lone.payer.tick(2, 1));
  assert.is(lone.sale.verifiedNano, 2 * P);
  lone.hear(lone.payer.tick(1, 3));
  assert.is(lone.sale.verifiedNano, 3 * P);
});

rollback('totals of two chains are never added', () => {
  const lone = LoneSale.selling(dealOf(), 8);
  lone.hear(lone.payer.tick(1, 3));
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 3 * P }));
  lone.hear(lone.payer.tick(1, 4));
  assert.is(lone.sale.verifiedNano, 4 * P, 'a late tick counts by its own total');
  lone.hear(lone.payer.tick(2, 1));
  assert.is(lone.sale.verifiedNano, 4 * P);
  lone.hear(lone.payer.tick(2, 2));
  assert.is(lone.sale.verifiedNano, 5 * P);
});

rollback('a seller cannot talk a buyer down: what is released only rises', () => {
  const lone = LonePurchase.buying({ ticks: 4 });
  lone.readings(1, 3);
  const early = { voucher: lone.messages('voucher')[0]!, tick: lone.messages('tick')[0]! };
  lone.readings(4, 6);
  lone.sync();
  lone.readings(7, 9);
  const { releasedNano, voucherSeq } = lone.purchase;
  const parts = [60, 'old', early.voucher, early.tick] as const;
  lone.control({ kind: 'refusal', parts });
  lone.control({
    kind: 'resync',
    parts: [new Uint8Array(8), early.voucher, early.tick, 2, new Uint8Array(32)],
  });
  assert.is(lone.purchase.releasedNano, releasedNano);
  assert.is(lone.purchase.voucherSeq, voucherSeq);
  lone.reading(10);
  assert.is(lone.purchase.releasedNano, 10 * P);
  assert.is(lone.wire.releasedNano, 10 * P);
});

rollback('the settler takes the best total, whatever the order of claims in one batch', async () => {
  const { house, balances } = await settled();
  const channel = openOf();
  await house.ask(openRequest(channel));
  const totals = [2, 4, 1, 3].map((units) =>
    claimRequest(channel, evidenceFor(channel, units, units * UNIT)),
  );
  const replies = await Promise.all(totals.map((bytes) => house.ask(bytes, channel)));
  assert.equal(
    replies.map((reply) => reply.receipt!.paidNano),
    [2 * UNIT, 4 * UNIT, 4 * UNIT, 4 * UNIT],
  );
  assert.is((await house.ask(queryRequest(channel), channel)).receipt?.paidNano, 4 * UNIT);
  assert.is((await balances())[1], BigInt(4 * UNIT));
});

rollback.run();
