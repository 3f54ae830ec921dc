/** Robberies by doing a thing twice at once: two processes, two claims, two settlers. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stepPurchase } from '../../agent/engine/purchase/purchase.ts';
import { purchaseFromRecords } from '../../agent/engine/purchase/records.ts';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { decodeStream } from '../../schemas/stream.ts';
import { balanceOf } from '../settler/balance.ts';
import {
  claimRequest,
  closeRequest,
  crypto,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  queryRequest,
  UNIT,
} from '../settler/parties.ts';
import { must } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';

const processes = suite('two processes of one buyer');

processes('a second one, started from the same journal, signs nothing before it has heard the seller', () => {
  const first = LonePurchase.buying({ ticks: 4 });
  first.readings(1, 6);
  const second = must(purchaseFromRecords(first.deal.buyer, first.records));
  const sent: Uint8Array[] = [];
  for (const kind of ['connected', 'flush', 'timer', 'flush'] as const) {
    const { effects } = stepPurchase(first.deal.buyer, second, { kind }, first.nowMs);
    for (const effect of effects) if (effect.kind === 'stream') sent.push(effect.bytes);
  }
  const known = new Set(first.sent.map((bytes) => Buffer.from(bytes).toString('hex')));
  for (const bytes of sent) {
    const message = must(decodeStream(bytes));
    if (message.kind !== 'voucher' && message.kind !== 'tick') continue;
    assert.ok(known.has(Buffer.from(bytes).toString('hex')), 'it only repeats what was signed before');
  }
  assert.is(second.releasedNano, first.purchase.releasedNano);
});

processes('both together let no more be claimed than the readings they hold cost', () => {
  const first = LonePurchase.buying({ ticks: 4 });
  first.readings(1, 6);
  first.sync();
  const second = LonePurchase.buying({ ticks: 4 });
  second.records.splice(0, second.records.length, ...first.records);
  second.restart();
  second.resynced(first.messages('voucher').at(-1)!, first.messages('tick').at(-1)!);
  second.sync();
  const seller = new LoneSale(first.deal);
  // Each gets the same readings, and signs the same numbers its own way.
  for (let seq = 7; seq <= 30; seq++) {
    for (const buyer of [first, second]) {
      buyer.reading(seq);
      buyer.sync();
      for (const bytes of buyer.sent) seller.hear(bytes);
      buyer.clear();
    }
    assert.is(seller.sale.verifiedNano, seq * P);
  }
  assert.not.equal(first.purchase.voucherBytes, second.purchase.voucherBytes);
});

processes.run();

const claims = suite('two claims, two settlers');

claims('two claims of the same evidence in one batch earn it once', async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  const claim = claimRequest(channel, evidenceFor(channel, 1, 2 * UNIT, 5));
  await Promise.all(Array.from({ length: 8 }, () => house.ask(claim, channel)));
  assert.is(await balanceOf(store, earnedAccount(PAYEE.key)), BigInt(2 * UNIT + 5000));
});

claims('a claim and a close in one batch: what was earned is not released', async () => {
  for (const closeFirst of [false, true]) {
    const store = openMemoryStore();
    const house = await houseOver(store);
    await house.deposit(10, 'BANK-1');
    const channel = openOf();
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
    const claim = claimRequest(channel, evidenceFor(channel, 2, 3 * UNIT));
    const close = closeRequest(channel, UNIT, PAYEE);
    const order = closeFirst ? [close, claim] : [claim, close];
    const replies = await Promise.all(order.map((bytes) => house.ask(bytes, channel)));
    const codes = replies.map((reply) => reply.code ?? 'receipt');
    assert.equal(codes, closeFirst ? ['receipt', 'channel-closed'] : ['receipt', 'statement-differs']);
    const earned = await balanceOf(store, earnedAccount(PAYEE.key));
    assert.is(earned, BigInt(closeFirst ? UNIT : 3 * UNIT));
    const deposit = await balanceOf(store, depositAccount(PAYER.key));
    assert.is(deposit, BigInt(10 * UNIT) - (closeFirst ? earned : BigInt(5 * UNIT)));
  }
});

claims('two settlers over one store never lend a deposit twice, nor book a claim twice', async () => {
  const store = openMemoryStore();
  const houses = [await houseOver(store), await houseOver(store)];
  await houses[0]!.deposit(10, 'BANK-1');
  const channels = [1, 2, 3, 4].map((nonce) => openOf({ nonce, limitNano: 4 * UNIT }));
  const opened = await Promise.all(
    channels.flatMap((channel) => houses.map((house) => house.ask(openRequest(channel), channel))),
  );
  assert.is(opened.filter((reply) => reply.kind === 'grant').length, 4, 'two channels, told by both');
  const [channel] = channels;
  const claim = claimRequest(channel!, evidenceFor(channel!, 1, 3 * UNIT));
  const larger = claimRequest(channel!, evidenceFor(channel!, 2, 4 * UNIT - 64_000));
  await Promise.all(houses.flatMap((house) => [claim, larger].map((bytes) => house.ask(bytes, channel))));
  for (const house of houses) {
    const reply = await house.ask(queryRequest(channel!), channel);
    assert.is(reply.receipt?.paidNano, 4 * UNIT - 64_000);
  }
  assert.is(await balanceOf(store, earnedAccount(PAYEE.key)), BigInt(4 * UNIT - 64_000));
  assert.is(await balanceOf(store, depositAccount(PAYER.key)), BigInt(2 * UNIT));
  must(await verifyStore(store, crypto.sha256));
});

claims('a settler with another key cannot take over a database', async () => {
  const store = openMemoryStore();
  await houseOver(store);
  let refused = '';
  await houseOver(store, {}, { root: PAYEE.key }).catch((error: Error) => {
    refused = error.message;
  });
  assert.match(refused, 'the database is of settler');
});

claims.run();
