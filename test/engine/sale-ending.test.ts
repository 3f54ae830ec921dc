import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { saleReport } from '../../agent/engine/sale/state.ts';
import { openAgreed } from '../../schemas/statement.ts';
import { dealOf, must, START_S } from '../world/deal.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P, START_MS } from '../world/options.ts';
import { receiptFor, sell } from './selling.ts';

const ending = suite('the end of a sale');

ending('by a statement: agreed when the disk holds it, then claimed, filed and closed, in this order', () => {
  const lone = LoneSale.selling(dealOf({ readingsMax: 4 }), 4);
  sell(lone, 1, 4);
  const stated = lone.statement(4, { reason: 'readings' });
  lone.control({ kind: 'statement', parts: [stated] });
  assert.equal(lone.controls('agreed'), [], 'our signature waits for the disk');
  lone.sync();
  const { lease, buyer, seller, crypto } = lone.deal;
  const agreed = lone.controls('agreed')[0]!.parts[0];
  must(openAgreed(agreed, lease.id, buyer.signer.key, seller.signer.key, crypto.verify));
  lone.wait(250);
  const steps = ['claim', 'statement', 'close'] as const;
  for (const [i, kind] of steps.entries()) {
    assert.equal(
      lone.requests.map((request) => request.kind),
      steps.slice(0, i + 1),
    );
    lone.tell({ kind: 'reply', request: receiptFor(lone, lone.asked(kind)[0]!.id, 4 * P, kind === 'close') });
  }
  assert.is(lone.ended, 'readings');
  const report = saleReport(lone.sale);
  assert.equal([report.delivered, report.paid, report.claimedNano, report.disputed], [4, 4, 4 * P, 0]);
});

ending('a statement that comes again is answered by the same signature', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  sell(lone, 1, 3);
  const stated = lone.statement(3);
  lone.control({ kind: 'statement', parts: [stated] });
  lone.control({ kind: 'statement', parts: [stated] });
  assert.equal(lone.controls('agreed'), [], 'not before the disk holds it');
  lone.sync();
  lone.control({ kind: 'statement', parts: [stated] });
  lone.control({ kind: 'statement', parts: [lone.statement(2, { totalNano: 2 * P })] });
  const agreed = lone.controls('agreed').map((control) => control.parts[0]);
  assert.is(agreed.length, 3);
  for (const each of agreed) assert.equal(each, agreed[0]);
});

ending('by its owner: the buyer is asked to state, and not waited for longer than half a minute', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.clear();
  lone.tell({ kind: 'stop', reason: 'seller' });
  assert.equal(lone.controls('end')[0]!.parts, ['seller']);
  lone.wait(29_750);
  assert.equal(lone.asked('close'), []);
  lone.wait(500);
  assert.is(lone.asked('close').length, 1);
});

ending('before there is a grant is at once', () => {
  const lone = new LoneSale(dealOf());
  lone.tell({ kind: 'stop', reason: 'seller' });
  assert.is(lone.ended, 'seller');
});

ending('before there is a grant is final: a late one changes nothing', () => {
  const deal = dealOf();
  const lone = new LoneSale(deal);
  lone.tell({ kind: 'stop', reason: 'seller' });
  lone.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
  assert.is(lone.sale.channel, null);
});

ending('not at a word of the buyer, which nobody has signed', () => {
  const lone = new LoneSale(dealOf());
  lone.control({ kind: 'end', parts: ['refused: deposit-insufficient'] });
  assert.is(lone.ended, null);
});

ending('without a grant within a minute, counted anew after a restart', () => {
  const lone = new LoneSale(dealOf());
  lone.wait(59_000);
  assert.is(lone.ended, null);
  lone.restart();
  lone.wait(59_000);
  assert.is(lone.ended, null);
  lone.wait(2000);
  assert.is(lone.ended, 'no grant came');
  assert.equal(
    lone.controls('end').map(({ parts }) => parts[0]),
    ['no grant came'],
    'a buyer whose grant comes now waits for nothing',
  );
});

ending('at expiry: delivery stops a minute before, the channel is settled half a minute before', () => {
  const lone = LoneSale.selling(dealOf({ expiryS: START_S + 200 }), 3);
  lone.hear(lone.payer.tick(1, 1));
  lone.sync();
  lone.wait(140_000 - (lone.nowMs - START_MS));
  lone.clear();
  lone.produce(9);
  lone.hear(lone.payer.tick(1, 2));
  assert.equal(lone.delivered, []);
  lone.sync();
  lone.wait(31_000);
  assert.is(lone.sale.phase, 'closing');
  assert.is(lone.asked('claim').length > 0, true);
});

ending(
  'where somebody claimed more than this disk knows: the settler is asked, and the close follows it',
  () => {
    const lone = LoneSale.selling(dealOf(), 3);
    lone.tell({ kind: 'stop', reason: 'seller' });
    lone.wait(31_000);
    const [close] = lone.asked('close');
    lone.tell({ kind: 'reply', request: { kind: 'refusal', id: close!.id, parts: [86, 'booked more'] } });
    const [query] = lone.asked('query');
    lone.tell({ kind: 'reply', request: receiptFor(lone, query!.id, 7 * P, false) });
    assert.is(lone.sale.claimedNano, 7 * P);
    lone.clear();
    lone.wait(1250);
    assert.is(lone.asked('close').length, 1);
  },
);

ending('a settler that goes on refusing is asked less and less often, at last once a minute', () => {
  const lone = LoneSale.selling(dealOf(), 3);
  lone.hear(lone.payer.tick(1, 1));
  lone.sync();
  lone.tell({ kind: 'stop', reason: 'seller' });
  lone.wait(31_000);
  lone.requests = lone.asked('claim').slice(-1);
  let asked = 0;
  for (let i = 0; i < 400; i++) {
    for (const { id } of lone.asked('claim')) {
      asked++;
      lone.tell({ kind: 'reply', request: { kind: 'refusal', id, parts: [40, 'unknown'] } });
    }
    lone.clear();
    lone.wait(250);
  }
  assert.ok(asked >= 6 && asked <= 8, `${asked} times in 100 s`);
});

ending('a close that the settler does not take is sent less and less often, the query with it', () => {
  const lone = LoneSale.selling(dealOf(), 3);
  lone.tell({ kind: 'stop', reason: 'seller' });
  lone.wait(31_000);
  let asked = 0;
  for (let i = 0; i < 400; i++) {
    const [closes, queries] = [lone.asked('close'), lone.asked('query')];
    lone.clear();
    for (const { id } of closes) {
      asked++;
      lone.tell({ kind: 'reply', request: { kind: 'refusal', id, parts: [86, 'another total'] } });
    }
    for (const { id } of queries) lone.tell({ kind: 'reply', request: receiptFor(lone, id, 0, false) });
    lone.wait(250);
  }
  assert.ok(asked >= 6 && asked <= 8, `${asked} times in 100 s`);
});

ending.run();
