/** Robberies by a lying payee: whatever it does, the buyer pays for readings it holds, once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import { decodeTick } from '../../schemas/evidence.ts';
import { CODES } from '../../schemas/result.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { agreeStatement } from '../../schemas/statement.ts';
import { encodeTick } from '../../schemas/tick.ts';
import { parseVoucher } from '../../schemas/voucher.ts';
import {
  claimRequest,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  UNIT,
} from '../settler/parties.ts';
import { must } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { PRICE_NANO as P } from '../world/options.ts';
import { Payer } from '../world/payer.ts';

const NOTHING = new Uint8Array(32);

/** Bought to the end of its lease and stating. */
const stating = (readings = 4): LonePurchase => {
  const lone = LonePurchase.buying({ readingsMax: readings });
  lone.readings(1, readings);
  lone.sync();
  assert.is(lone.controls('statement').length, 1);
  return lone;
};

const payee = suite('a lying payee');

payee('one that claims more than its evidence says is paid what the evidence says', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  const { voucher } = evidenceFor(channel, 1, UNIT, 0);
  const guessed = { voucher, tick: encodeTick(1, 9, new Uint8Array(16)) };
  assert.is((await house.ask(claimRequest(channel, guessed), channel)).code, 'tick-does-not-chain');
  const own = evidenceFor({ ...channel, payer: PAYEE }, 2, 4 * UNIT);
  assert.is((await house.ask(claimRequest(channel, own), channel)).code, 'signature-invalid');
  const reply = await house.ask(claimRequest(channel, { voucher, tick: null }), channel);
  assert.is(reply.receipt?.paidNano, UNIT);
});

payee('one that delivers garbage is paid nothing for it', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 2);
  const value = (item: Parameters<typeof encodeCbor>[0]) => lone.hear(encodeCbor([3, item]));
  value('warm');
  value([]);
  value(21);
  lone.hear(encodeReading({ seq: 3, value: { mantissa: 1, exponent: 0 }, offsetMs: 0 }).slice(0, 4));
  lone.wait(3000);
  assert.equal(lone.bought, [1, 2]);
  assert.is(lone.wire.releasedNano, 2 * P);
  lone.reading(3);
  assert.is(lone.wire.releasedNano, 3 * P);
});

payee('one that skips a reading is paid up to the gap, however much comes after it', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 2);
  lone.readings(4, 60);
  assert.is(lone.wire.releasedNano, 2 * P);
  assert.equal(lone.controls('nak').at(-1)!.parts, [3]);
  lone.reading(3);
  lone.wait(2000);
  assert.is(lone.wire.releasedNano, 3 * P);
});

payee('one that uses a number again with another value is paid once, and the first value stands', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  const { head } = lone.purchase;
  for (let i = 0; i < 9; i++) lone.reading(3, 9000 + i);
  assert.equal(lone.purchase.head, head);
  assert.is(lone.wire.releasedNano, 3 * P);
});

payee('one that never acknowledges is paid no more, and the purchase ends without it', () => {
  const lone = stating();
  lone.wait((86_400 + 3600) * 1000 + 120_000);
  assert.is(lone.wire.releasedNano, 4 * P);
  assert.is(lone.ended, 'the seller never agreed');
});

payee('one that claims to hold, or to have sent, more does not raise what is paid', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  lone.control({ kind: 'resync', parts: [new Uint8Array(8), null, null, 900, NOTHING] });
  lone.resynced(null, null, 900);
  assert.is(lone.wire.releasedNano, 3 * P);
  assert.is(lone.purchase.highest, 3);
});

payee('evidence that it made up raises nothing', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  const payer = new Payer(lone.deal);
  const forged = payer.voucher({ seq: 9, cumulativeNano: 90 * P, signer: lone.deal.seller.signer });
  const own = lone.messages('voucher')[0]!;
  const guess = encodeTick(1, 40, new Uint8Array(16).fill(1));
  for (const [voucher, tick] of [
    [forged, null],
    [own, guess],
  ] as const) {
    lone.control({ kind: 'refusal', parts: [CODES['tick-stale'], '', voucher, tick] });
    lone.resynced(voucher, tick);
  }
  assert.is(lone.purchase.releasedNano, 3 * P);
  lone.reading(4);
  assert.is(lone.wire.releasedNano, 4 * P);
});

payee('one that hides its best evidence from a restored buyer is not paid twice', () => {
  const lone = LonePurchase.buying({ ticks: 8 });
  const copy = lone.records.length;
  for (let seq = 1; seq <= 40; seq++) {
    lone.reading(seq);
    lone.sync();
  }
  assert.is(lone.wire.releasedNano, 40 * P);
  lone.restart(copy);
  assert.is(lone.purchase.highest, 0);
  lone.resynced(null, null);
  lone.sync();
  for (let seq = 1; seq <= 40; seq++) {
    lone.reading(seq, 5000);
    lone.sync();
    assert.ok(lone.wire.releasedNano <= 40 * P, 'what it can prove in all is what 40 readings cost');
  }
  lone.reading(41);
  assert.is(lone.wire.releasedNano, 41 * P);
});

/** Newest evidence of the chain that voucher `seq` opened, from what a buyer sent. */
const evidenceOf = (lone: LonePurchase, seq: number): { voucher: Uint8Array; tick: Uint8Array } => {
  const voucher = lone.messages('voucher').find((each) => must(parseVoucher(each)).seq === seq);
  const tick = lone.messages('tick').filter((each) => must(decodeTick(each)).seq16 === seq);
  if (voucher === undefined || tick.length === 0) throw new RangeError(`no evidence of seq ${seq} was sent`);
  return { voucher, tick: tick.at(-1)! };
};

payee('one that hides evidence until its seq is signed again gains nothing by bringing it out', () => {
  const falling = [
    { from: 1, priceNano: P },
    { from: 3, priceNano: P / 2 },
    { from: 5, priceNano: P / 4 },
  ];
  for (const delivered of [20, 41, 60, 100]) {
    const lone = LonePurchase.buying({ ticks: 64, price: falling });
    const copy = lone.records.length;
    for (let seq = 1; seq <= 69; seq++) {
      lone.reading(seq);
      lone.sync();
    }
    const hidden = evidenceOf(lone, 3);
    lone.clear();
    lone.restart(copy);
    lone.resynced(null, null);
    // No disk, no new voucher: the chain of the copy is used on, and seq 3 comes as late as it can.
    lone.readings(1, delivered);
    lone.sync();
    lone.sync();
    lone.reading(delivered + 1);
    assert.is(lone.purchase.voucherSeq, 3, 'the seq is signed again');
    const parts = [CODES['tick-stale'], '', hidden.voucher, hidden.tick] as const;
    lone.control({ kind: 'refusal', parts });
    // What is released is checked after each step.
    for (let i = 0; i < 9; i++) lone.wait(2500);
    lone.readings(delivered + 2, delivered + 9);
  }
});

payee('one that agrees to another statement than ours is not believed', () => {
  const lone = stating();
  const other = stating(5);
  const foreign = other.controls('statement')[0]!.parts[0];
  const [mine] = lone.controls('statement')[0]!.parts;
  const tampered = mine.slice();
  tampered[40]! ^= 1;
  const { lease, seller, stranger } = lone.deal;
  const forged = [
    agreeStatement(lease.id, foreign, seller.signer),
    agreeStatement(lease.id, tampered, seller.signer),
    agreeStatement(lease.id, mine, stranger.signer),
    agreeStatement(other.deal.lease.id, mine, seller.signer),
  ];
  for (const agreed of forged) lone.control({ kind: 'agreed', parts: [agreed] });
  assert.is(lone.ended, null);
  lone.control({ kind: 'agreed', parts: [agreeStatement(lease.id, mine, seller.signer)] });
  assert.is(lone.ended, 'readings');
});

payee('one that disagrees without end makes the buyer sign nothing more', () => {
  const lone = stating();
  const records = lone.records.length;
  const seq = lone.purchase.voucherSeq;
  lone.clear();
  for (let i = 0; i < 500; i++) {
    lone.control({ kind: 'refusal', parts: [CODES['statement-differs'], 'no', null, null] });
    lone.sync();
    lone.nowMs += 50;
  }
  assert.is(lone.records.length, records);
  assert.is(lone.purchase.voucherSeq, seq);
  assert.ok(lone.controls('statement').length <= 251, 'nor says it more than ten times a second');
  assert.is(lone.wire.releasedNano, 4 * P);
});

payee('one that ends the lease early is paid for what it delivered', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  lone.control({ kind: 'end', parts: ['seller'] });
  lone.readings(4, 9);
  lone.wait(5000);
  assert.is(lone.wire.releasedNano, 3 * P);
  assert.equal(lone.bought, [1, 2, 3]);
});

payee('one that delivers after the buyer stated is not paid for it', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  lone.tell({ kind: 'stop', reason: 'buyer' });
  lone.sync();
  lone.readings(4, 9);
  assert.is(lone.purchase.highest, 3);
  assert.is(lone.wire.releasedNano, 3 * P);
});

payee('readings before there is a grant are not paid', () => {
  const lone = new LonePurchase();
  lone.lease();
  lone.sync();
  lone.readings(1, 5);
  assert.equal(lone.bought, []);
  assert.is(lone.wire.releasedNano, 0);
});

payee.run();
