/** Robberies by a lying payer: whatever it does, the seller loses no more than the window, in nano. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readingsPaidFloor, totalNanoFor } from '../../schemas/price.ts';
import { type Deal, dealOf, START_S } from '../world/deal.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';

/** What the seller has sent and cannot claim, in nano. */
const lossOf = (lone: LoneSale): number => {
  const sent = Math.max(0, ...lone.delivered);
  return totalNanoFor(lone.deal.terms.price, sent) - lone.sale.verifiedNano;
};

/** Readings until nothing more is delivered. */
const exhaust = (lone: LoneSale): void => {
  for (let i = 0; i < 40; i++) {
    lone.produce(3);
    lone.wait(250);
  }
};

const payer = suite('a lying payer');

payer('one that never pays gets one reading', () => {
  const lone = LoneSale.selling(dealOf(), 1);
  exhaust(lone);
  assert.equal([...new Set(lone.delivered)], [1]);
  assert.is(lossOf(lone), P);
});

payer('one that never shows a grant, or a voucher, gets nothing', () => {
  const deal = dealOf();
  const lone = new LoneSale(deal);
  exhaust(lone);
  lone.hear(lone.payer.voucher({ seq: 1 }));
  exhaust(lone);
  assert.equal(lone.delivered, []);
  const granted = new LoneSale(deal);
  granted.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
  exhaust(granted);
  assert.equal(granted.delivered, []);
});

payer('one that pays honestly until the window is wide, then stops, takes at most the window', () => {
  const deal = dealOf({ windowNano: 16 * P });
  for (const honest of [0, 1, 2, 5, 15, 16, 40]) {
    const lone = LoneSale.selling(deal, 0);
    for (let i = 1; i <= honest; i++) {
      lone.produce(1);
      lone.hear(lone.payer.tick(1, i));
      lone.sync();
    }
    exhaust(lone);
    const windowNano = Math.max(P, Math.min(honest * P, deal.terms.windowNano));
    assert.is(lossOf(lone), windowNano, `after ${honest} paid readings`);
  }
});

payer('one that pays a little less each time is delivered no more than it paid for, plus the window', () => {
  const lone = LoneSale.selling(dealOf({ windowNano: 4 * P }), 0);
  for (let i = 1; i <= 30; i++) {
    lone.produce(3);
    lone.hear(lone.payer.tick(1, i));
    lone.sync();
    assert.ok(lossOf(lone) <= 4 * P, `${lossOf(lone)} nano after tick ${i}`);
  }
});

payer('a fraction of the price buys nothing', () => {
  const lone = LoneSale.selling(dealOf(), 0);
  lone.hear(lone.payer.voucher({ seq: 2, tickNano: P / 4 }));
  lone.produce(8);
  for (let i = 1; i <= 7; i++) lone.hear(lone.payer.tick(2, i));
  assert.is(readingsPaidFloor(lone.deal.terms.price, lone.sale.verifiedNano), 1);
  exhaust(lone);
  assert.ok(lossOf(lone) <= 7 * (P / 4), 'the window is what it has paid');
});

payer('what it still owes from an earlier lease fills the window of the next one', () => {
  const owing = LoneSale.selling(dealOf(), 4, { unpaidBeforeNano: P });
  exhaust(owing);
  assert.equal(owing.delivered, []);
  const known = LoneSale.selling(dealOf(), 20, { unpaidBeforeNano: 3 * P, paidBeforeNano: 100 * P });
  assert.is(known.delivered.length, 13);
});

payer('a wrong head keeps its money, stops delivery and is not agreed to', () => {
  const lone = LoneSale.selling(dealOf(), 6);
  lone.hear(lone.payer.tick(1, 4));
  lone.sync();
  const head = new Uint8Array(32).fill(9);
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 4 * P, readings: 4, head }));
  const sent = lone.delivered.length;
  assert.is(lone.sale.phase, 'disputed');
  assert.is(lone.sale.verifiedNano, 4 * P);
  exhaust(lone);
  assert.is(lone.delivered.length, sent);
  lone.control({ kind: 'statement', parts: [lone.statement(4, { head })] });
  assert.is(lone.sale.agreedBytes, null);
  lone.sync();
  lone.wait(31_000);
  assert.ok(lone.asked('claim').length > 0, 'and is claimed');
});

payer('a payer that goes on paying in a dispute is not refused', () => {
  const lone = LoneSale.selling(dealOf(), 6);
  const head = new Uint8Array(32).fill(9);
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: P, readings: 1, head }));
  lone.hear(lone.payer.tick(2, 2));
  assert.is(lone.sale.phase, 'disputed');
  assert.is(lone.sale.verifiedNano, 3 * P);
});

payer('a statement of less, of more, of foreign readings or of another count is not agreed to', () => {
  const lone = LoneSale.selling(dealOf(), 6);
  lone.hear(lone.payer.tick(1, 4));
  const wrong = [
    lone.statement(4, { totalNano: 3 * P, paid: 3 }),
    lone.statement(4, { totalNano: 5 * P }),
    lone.statement(4, { paid: 3 }),
    lone.statement(4, { delivered: 5 }),
    lone.statement(4, { delivered: 700, paid: 4 }),
    lone.statement(4, { head: lone.headAfter(3) }),
  ];
  lone.clear();
  for (const stated of wrong) {
    lone.control({ kind: 'statement', parts: [stated] });
    lone.wait(250);
  }
  assert.equal(lone.refusals, Array(wrong.length).fill('statement-differs'));
  assert.is(lone.sale.agreedBytes, null);
  assert.is(lone.sale.phase, 'selling');
});

payer('one that never states is claimed from and closed without', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.hear(lone.payer.tick(1, 3));
  lone.sync();
  lone.tell({ kind: 'stop', reason: 'seller' });
  lone.wait(29_000);
  assert.is(lone.asked('close').length, 0);
  lone.wait(2000);
  const claim = lone.asked('claim').at(-1)!;
  assert.equal(claim.parts, [lone.deal.channel.id, lone.payer.voucher({ seq: 1 }), lone.payer.tick(1, 3)]);
});

payer('one that says it holds less hears the same readings again, and no further ones', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.hear(lone.payer.tick(1, 3));
  const furthest = Math.max(...lone.delivered);
  const parts = [new Uint8Array(8), null, null, 0, lone.deal.lease.id] as const;
  for (let i = 0; i < 9; i++) lone.control({ kind: 'resync', parts });
  for (let from = 1; from <= 9; from++) lone.control({ kind: 'nak', parts: [from] });
  assert.is(Math.max(...lone.delivered), furthest);
  assert.ok(lossOf(lone) <= 3 * P);
});

payer('one that says it holds more is believed nothing', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.control({ kind: 'resync', parts: [new Uint8Array(8), null, null, 900, new Uint8Array(32)] });
  lone.produce(1);
  lone.hear(lone.payer.tick(1, 1));
  assert.equal([...new Set(lone.delivered)], [1, 2]);
});

payer('one that keeps a lease alive without money loses its place', () => {
  const lone = new LoneSale(dealOf());
  for (let s = 0; s < 130; s++) {
    lone.wait(1000);
    lone.hear(new Uint8Array([0xff]));
  }
  assert.is(lone.ended, 'no grant came');
});

payer('one that floods with garbage is answered four times a second quarter', () => {
  const lone = LoneSale.selling(dealOf(), 1);
  lone.clear();
  for (let i = 0; i < 1000; i++) lone.hear(new Uint8Array([0x83, 0x01, 0x02, i & 0x17]));
  assert.is(lone.refusals.length, 4);
});

payer('payment that comes after the last delivery is still claimed before the channel ends', () => {
  const deal: Deal = dealOf({ expiryS: START_S + 120 });
  const lone = LoneSale.selling(deal, 4);
  lone.hear(lone.payer.tick(1, 4));
  lone.wait(65_000);
  const before = lone.delivered.length;
  lone.hear(lone.payer.tick(1, 5));
  lone.produce(3);
  lone.sync();
  lone.wait(10_000);
  assert.is(lone.delivered.length, before, 'nothing is delivered in the margin');
  assert.equal(lone.asked('claim').at(-1)!.parts[2], lone.payer.tick(1, 5));
  assert.ok(lone.nowMs < deal.terms.expiryS * 1000);
});

payer('a power cut with a payer that shows nothing costs no more than window and lag', () => {
  const deal = dealOf({ windowNano: 8 * P, ticks: 512 });
  const lone = LoneSale.selling(deal, 0);
  // The disk confirms what it holds after reading 3, and nothing of what comes later.
  for (let i = 1; i <= 400; i++) {
    lone.produce(1);
    lone.hear(lone.payer.tick(1, i));
    if (i === 3) lone.sync();
  }
  const delivered = Math.max(...lone.delivered);
  const windowNano = 8 * P;
  const lagNano = 256 * P;
  assert.ok(delivered * P - lone.sale.durable.totalNano <= windowNano + lagNano);
  assert.ok(delivered >= 250, 'and delivery does use the lag');
});

payer.run();
