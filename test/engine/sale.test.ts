import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { saleReport } from '../../agent/engine/sale/state.ts';
import type { Request } from '../../schemas/request.ts';
import { decodeReading } from '../../schemas/senml.ts';
import { dealOf, grantFor } from '../world/deal.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P, START_MS } from '../world/options.ts';
import { receiptFor, sell } from './selling.ts';

const delivery = suite('delivery');

delivery('begins when there is a grant and a voucher, with one reading for a stranger', () => {
  const deal = dealOf();
  const lone = new LoneSale(deal);
  lone.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
  lone.produce(5);
  assert.equal(lone.delivered, []);
  lone.hear(lone.payer.voucher({ seq: 1 }));
  assert.equal(lone.delivered, [1]);
});

delivery('goes on by one reading for each that is paid, while the window grows with what was paid', () => {
  const lone = LoneSale.selling(dealOf({ windowNano: 8 * P }), 40);
  const ahead: number[] = [];
  for (let paid = 1; paid <= 12; paid++) {
    lone.hear(lone.payer.tick(1, paid));
    ahead.push(Math.max(...lone.delivered) - paid);
  }
  assert.equal(ahead, [1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8]);
});

delivery('trusts a buyer at once with what it has paid before', () => {
  const lone = LoneSale.selling(dealOf({ windowNano: 8 * P }), 40, { paidBeforeNano: 3 * P });
  assert.equal(lone.delivered, [1, 2, 3]);
});

delivery('numbers readings by the order they came in, and times what is off the grid', () => {
  const lone = LoneSale.selling(dealOf({ periodMs: 1000 }), 0, { paidBeforeNano: 99 * P });
  for (const atMs of [START_MS, START_MS + 1400, START_MS + 2600]) {
    lone.tell({ kind: 'reading', value: { mantissa: 1, exponent: 0 }, atMs });
  }
  lone.tell({ kind: 'flush' });
  const readings = lone.sent
    .map((bytes) => decodeReading(bytes))
    .flatMap((reading) => (reading.ok ? [reading.value] : []));
  assert.equal(
    readings.map((reading) => [reading.seq, reading.offsetMs]),
    [
      [1, 0],
      [2, 0],
      [3, 600],
    ],
  );
});

delivery('waits for the disk beyond 256 readings, in delivery and in payment', () => {
  const lone = LoneSale.selling(dealOf({ ticks: 1024, windowNano: 9 * P }), 0);
  lone.sync();
  sell(lone, 1, 400);
  assert.is(Math.max(...lone.delivered), 256);
  lone.sync();
  assert.ok(Math.max(...lone.delivered) > 256);
});

delivery('stops at the limit of the grant, to the nano', () => {
  const lone = LoneSale.selling(dealOf({ limitNano: 70 * P, ticks: 64 }), 0);
  for (let i = 1; i <= 64; i++) {
    lone.produce(1);
    lone.hear(lone.payer.tick(1, i));
    lone.sync();
  }
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 70 * P, tickNano: 0 }));
  lone.produce(20);
  assert.is(Math.max(...lone.delivered), 70);
});

delivery('goes on where the limit ended when the grant is raised', () => {
  const deal = dealOf({ limitNano: 64 * P });
  const lone = LoneSale.selling(deal, 0);
  sell(lone, 1, 64);
  lone.sync();
  lone.produce(9);
  assert.is(Math.max(...lone.delivered), 64);
  const larger = grantFor(deal, { version: 2, limitNano: 100 * P });
  lone.control({ kind: 'grant', parts: [deal.openBytes, larger] });
  assert.ok(Math.max(...lone.delivered) > 64);
});

delivery('says again, on a nak, from the reading that is missing', () => {
  const lone = LoneSale.selling(dealOf(), 9, { paidBeforeNano: 99 * P });
  lone.clear();
  lone.control({ kind: 'nak', parts: [4] });
  assert.equal(lone.delivered, [4, 5, 6, 7, 8, 9]);
  lone.clear();
  lone.control({ kind: 'nak', parts: [12] });
  assert.equal(lone.delivered, []);
});

delivery('asks a silent buyer that owes where it is, less and less often', () => {
  const lone = LoneSale.selling(dealOf(), 3);
  lone.clear();
  lone.wait(130_000);
  assert.is(lone.controls('resync').length, 7, 'after 1, 2, 4, 8, 16, 32 and 60 seconds');
});

delivery('takes no more readings than the lease sells', () => {
  const lone = LoneSale.selling(dealOf({ readingsMax: 3 }), 9, { paidBeforeNano: 99 * P });
  assert.equal(lone.delivered, [1, 2, 3]);
  assert.is(saleReport(lone.sale).produced, 3);
});

delivery('lets a lease end whose buyer has lost more than is kept', () => {
  const lone = LoneSale.selling(dealOf({ ticks: 1024, windowNano: 9 * P }), 0);
  for (let i = 1; i <= 700; i++) {
    sell(lone, i, i);
    lone.sync();
  }
  lone.clear();
  lone.control({ kind: 'nak', parts: [5] });
  assert.equal(lone.delivered, [], 'nothing that would not help');
  const { parts } = lone.controls('resync')[0]!;
  lone.control({ kind: 'resynced', parts: [parts[0], null, null, 4, new Uint8Array(32)] });
  assert.equal(lone.refusals, ['reading-gap']);
  assert.equal(lone.controls('end')[0]!.parts, ['reading-gap']);
});

delivery.run();

const prices = suite('prices');

prices('of tiers: the window is counted in what each reading costs', () => {
  const price = [
    { from: 1, priceNano: P },
    { from: 4, priceNano: 4 * P },
    { from: 6, priceNano: P / 2 },
  ];
  const lone = LoneSale.selling(dealOf({ price, windowNano: 8 * P, ticks: 64 }), 0, {
    paidBeforeNano: 99 * P,
  });
  lone.produce(30);
  assert.equal(lone.delivered, [1, 2, 3, 4], '3 + 4, and 4 more would be 11');
  lone.hear(lone.payer.tick(1, 3));
  assert.equal(lone.delivered, [1, 2, 3, 4, 5]);
  assert.is(saleReport(lone.sale).paid, 3);
  lone.hear(lone.payer.tick(1, 6));
  assert.is(saleReport(lone.sale).paid, 3, 'three quarters of reading 4 are not reading 4');
  lone.hear(lone.payer.tick(1, 7));
  assert.is(saleReport(lone.sale).paid, 4);
});

prices('above what a tick can say are paid by vouchers alone', () => {
  const priceNano = 5_000_000_000;
  const deal = dealOf({ price: [{ from: 1, priceNano }], windowNano: 4 * priceNano, readingsMax: 9 });
  const lone = new LoneSale(deal);
  lone.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
  lone.hear(lone.payer.voucher({ seq: 1, tickNano: 0 }));
  lone.produce(9);
  for (let seq = 2; seq <= 5; seq++) {
    lone.hear(lone.payer.voucher({ seq, cumulativeNano: (seq - 1) * priceNano, tickNano: 0 }));
  }
  assert.is(saleReport(lone.sale).paid, 4);
  assert.equal(lone.delivered, [1, 2, 3, 4, 5, 6, 7, 8]);
});

prices.run();

const claiming = suite('claiming');

claiming('asks only for what the disk holds the evidence of', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.sync();
  lone.hear(lone.payer.tick(1, 2));
  lone.wait(5000);
  assert.equal(lone.asked('claim'), []);
  lone.sync();
  lone.wait(250);
  assert.equal(lone.asked('claim')[0]!.parts, [
    lone.deal.channel.id,
    lone.payer.voucher({ seq: 1 }),
    lone.payer.tick(1, 2),
  ]);
});

claiming('carries the evidence that is on the disk, not a better one that is not', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.hear(lone.payer.tick(1, 2));
  lone.sync();
  lone.hear(lone.payer.tick(1, 4));
  lone.wait(250);
  assert.equal(lone.asked('claim')[0]!.parts[2], lone.payer.tick(1, 2));
});

claiming('asks again for more after the answer, and not for what is booked', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.hear(lone.payer.tick(1, 2));
  lone.sync();
  lone.wait(250);
  const [claim] = lone.asked('claim');
  lone.tell({ kind: 'reply', request: receiptFor(lone, claim!.id, 2 * P, false) });
  assert.is(lone.sale.claimedNano, 2 * P);
  lone.clear();
  lone.wait(3000);
  assert.equal(lone.asked('claim'), []);
  lone.hear(lone.payer.tick(1, 3));
  lone.sync();
  lone.wait(250);
  assert.is(lone.asked('claim').length, 1);
});

claiming('believes no receipt but the settler’s for this channel, and none that goes back', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  lone.hear(lone.payer.tick(1, 4));
  lone.sync();
  lone.wait(250);
  const answer = (receipt: Request): void => lone.tell({ kind: 'reply', request: receipt });
  const ask = (): Uint8Array => {
    lone.clear();
    lone.wait(1000);
    return lone.asked('claim').at(-1)!.id;
  };
  const other = LoneSale.selling(dealOf({ seed: 2 }), 0);
  answer(receiptFor(other, lone.asked('claim')[0]!.id, 4 * P, true));
  assert.is(lone.sale.claimedNano, 0);
  answer(receiptFor(lone, ask(), 3 * P, false));
  answer(receiptFor(lone, ask(), 2 * P, false));
  assert.is(lone.sale.claimedNano, 3 * P);
});

claiming('says where the settler has booked less than it signed for before', () => {
  const lone = LoneSale.selling(dealOf(), 9);
  sell(lone, 1, 4);
  lone.sync();
  lone.wait(250);
  lone.tell({ kind: 'reply', request: receiptFor(lone, lone.asked('claim')[0]!.id, 4 * P, false) });
  lone.hear(lone.payer.tick(1, 5));
  lone.sync();
  lone.wait(1250);
  lone.tell({ kind: 'reply', request: receiptFor(lone, lone.asked('claim').at(-1)!.id, 2 * P, false) });
  assert.ok(
    lone.notices.some((notice) => notice.startsWith('journal-stale')),
    lone.notices.join(),
  );
  assert.is(lone.sale.claimedNano, 4 * P);
});

claiming.run();
