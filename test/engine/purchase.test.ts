import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { purchaseReport } from '../../agent/engine/purchase/state.ts';
import { decodeTick } from '../../schemas/evidence.ts';
import { totalNanoFor } from '../../schemas/price.ts';
import { agreeStatement, openStatement } from '../../schemas/statement.ts';
import { parseVoucher, type Voucher } from '../../schemas/voucher.ts';
import { must, START_S, type Wish } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { PRICE_NANO as P } from '../world/options.ts';

const vouchers = (lone: LonePurchase): Voucher[] =>
  lone.messages('voucher').map((each) => must(parseVoucher(each)));
const ticks = (lone: LonePurchase): number[][] =>
  lone.messages('tick').map((each) => {
    const { seq16, index } = must(decodeTick(each));
    return [seq16, index];
  });
/** Each reading is on the disk before the next one comes. */
const buy = (lone: LonePurchase, from: number, to: number): void => {
  for (let seq = from; seq <= to; seq++) {
    lone.reading(seq);
    lone.sync();
  }
};

const opening = suite('opening');

opening('offers, opens on the lease, shows the grant, and opens a chain that pays nothing yet', () => {
  const lone = new LonePurchase();
  assert.equal(
    lone.requests.map((request) => request.kind),
    ['offer'],
  );
  lone.lease();
  assert.is(lone.purchase.phase, 'opening');
  lone.grant();
  assert.is(lone.purchase.phase, 'buying');
  assert.equal(lone.controls('grant')[0]!.parts, [lone.deal.openBytes, lone.deal.grantBytes]);
  assert.equal(lone.messages('voucher'), [], 'the link of the first chain is not on disk yet');
  lone.sync();
  const [first] = vouchers(lone);
  assert.equal([first!.seq, first!.cumulativeNano, first!.tickNano, first!.readings], [1, 0, P, 0]);
});

opening('asks for all readings and one more chain as its limit', () => {
  const lone = LonePurchase.buying({ readingsMax: 1000, ticks: 64 });
  assert.is(lone.deal.channel.open.limitNano, 1064 * P);
  assert.is(lone.deal.channel.open.expiryS, lone.deal.terms.expiryS + 3600);
});

opening('repeats what is not answered, and ends where it is refused', () => {
  const lone = new LonePurchase();
  lone.wait(8000);
  assert.is(lone.asked('offer').length, 4, 'at once, and after 1, 3 and 7 seconds');
  const { id } = lone.asked('offer')[0]!;
  lone.reply({ kind: 'refusal', id, parts: [32, 'the price is 3'] });
  assert.is(lone.ended, 'refused: terms-unacceptable');
  assert.equal(lone.notices, ['terms-unacceptable']);
});

opening('refused by the settler ends with nothing signed but the open', () => {
  const lone = new LonePurchase();
  lone.lease();
  const { id } = lone.asked('open')[0]!;
  lone.reply({ kind: 'refusal', id, parts: [48, 'pay in more'] });
  assert.is(lone.ended, 'refused: deposit-insufficient');
  assert.is(lone.sent.length, 0);
});

opening.run();

const paying = suite('paying');

paying('releases a tick for each reading it holds', () => {
  const lone = LonePurchase.buying();
  buy(lone, 1, 3);
  assert.equal(ticks(lone), [
    [1, 1],
    [1, 2],
    [1, 3],
  ]);
  assert.equal(lone.bought, [1, 2, 3]);
});

paying('releases one tick for readings that came together', () => {
  const lone = LonePurchase.buying();
  const bytes: Uint8Array[] = [];
  const other = LonePurchase.buying();
  for (let seq = 1; seq <= 5; seq++) {
    other.reading(seq);
    bytes.push(new Uint8Array([0x82, seq, 0xa1, 0x02, 0x01]));
  }
  for (const each of bytes) lone.tell({ kind: 'message', bytes: each });
  assert.equal(ticks(lone), []);
  lone.tell({ kind: 'flush' });
  assert.equal(ticks(lone), [[1, 5]]);
});

paying(
  'rolls over where the chain ends: the reading is paid by the voucher, the next one by its tick',
  () => {
    const lone = LonePurchase.buying({ ticks: 3 });
    buy(lone, 1, 9);
    assert.equal(
      vouchers(lone).map((voucher) => [voucher.seq, voucher.cumulativeNano, voucher.readings]),
      [
        [1, 0, 0],
        [2, 4 * P, 4],
        [3, 8 * P, 8],
      ],
    );
    assert.equal(ticks(lone), [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
      [2, 3],
      [3, 1],
    ]);
  },
);

paying('waits for the disk with a fresh chain, and makes up for it at once', () => {
  const lone = LonePurchase.buying({ ticks: 2 });
  lone.sync();
  lone.readings(1, 8);
  assert.is(lone.purchase.releasedNano, 5 * P, 'the chain after the next is not on disk');
  lone.sync();
  assert.is(lone.purchase.releasedNano, 8 * P);
});

paying('runs at most 256 readings ahead of the disk', () => {
  const lone = LonePurchase.buying({ ticks: 1024 });
  lone.readings(1, 400);
  assert.is(lone.purchase.highest, 400);
  assert.is(lone.purchase.releasedNano, 256 * P);
  lone.sync();
  assert.is(lone.purchase.releasedNano, 400 * P);
});

paying('near the limit goes on with plain vouchers, to the last nano', () => {
  const lone = LonePurchase.buying({ ticks: 8, readingsMax: 30 }, { limitNano: 21 * P });
  buy(lone, 1, 21);
  assert.is(lone.purchase.releasedNano, 21 * P);
  const plain = vouchers(lone).filter((voucher) => voucher.anchor === null);
  assert.ok(plain.length > 3);
  for (const voucher of vouchers(lone)) {
    const chainNano = voucher.anchor === null ? 0 : 8 * voucher.tickNano;
    assert.ok(voucher.cumulativeNano + chainNano <= 21 * P);
  }
});

paying(
  'by tiers crosses each within a chain: falling prices open a new one, rising ones take more ticks',
  () => {
    for (const price of [
      [
        { from: 1, priceNano: P },
        { from: 4, priceNano: P / 4 },
        { from: 9, priceNano: P / 8 },
      ],
      [
        { from: 1, priceNano: P / 8 },
        { from: 4, priceNano: P / 2 },
        { from: 9, priceNano: 3 * P },
      ],
      [
        { from: 1, priceNano: 7 },
        { from: 2, priceNano: 5 },
        { from: 3, priceNano: 11 },
        { from: 4, priceNano: 1 },
      ],
    ]) {
      const lone = LonePurchase.buying({ price, ticks: 16 });
      for (let seq = 1; seq <= 20; seq++) {
        buy(lone, seq, seq);
        assert.is(lone.wire.releasedNano, totalNanoFor(price, seq), `reading ${seq}`);
      }
    }
  },
);

paying('a price above 2^32 nano takes a voucher each: a tick could not say it', () => {
  const priceNano = 5_000_000_000;
  const lone = LonePurchase.buying({ price: [{ from: 1, priceNano }], readingsMax: 20 });
  buy(lone, 1, 5);
  assert.is(lone.wire.releasedNano, 5 * priceNano);
  assert.equal(lone.messages('tick'), []);
  assert.is(
    vouchers(lone).every((voucher) => voucher.anchor === null),
    true,
  );
});

paying('repeats its best tick to who delivers again', () => {
  const lone = LonePurchase.buying();
  buy(lone, 1, 3);
  lone.clear();
  lone.nowMs += 200;
  lone.reading(2);
  assert.equal(ticks(lone), [[1, 3]]);
});

paying('speaks to a quiet line with all the other side could have lost', () => {
  const lone = LonePurchase.buying();
  buy(lone, 1, 3);
  lone.clear();
  lone.wait(1250);
  assert.is(lone.controls('grant').length, 1);
  assert.is(vouchers(lone).length, 1);
  assert.equal(ticks(lone), [[1, 3]]);
  assert.is(lone.controls('resync')[0]!.parts[3], 3);
});

paying.run();

const ending = suite('the end of a purchase');

const stop = (wish: Wish, act: (lone: LonePurchase) => void): LonePurchase => {
  const lone = LonePurchase.buying(wish);
  act(lone);
  lone.sync();
  return lone;
};
const statementOf = (lone: LonePurchase) => {
  const [stated] = lone.controls('statement').at(-1)!.parts;
  const { lease, buyer, crypto } = lone.deal;
  return must(openStatement(stated, lease.id, buyer.signer.key, crypto.verify));
};

ending('comes with the last reading: a last voucher, then the statement', () => {
  const lone = stop({ readingsMax: 5, ticks: 64 }, (one) => buy(one, 1, 5));
  const last = vouchers(lone).at(-1)!;
  assert.equal([last.cumulativeNano, last.readings, last.anchor], [5 * P, 5, null]);
  const statement = statementOf(lone);
  assert.equal(
    [statement.delivered, statement.paid, statement.totalNano, statement.reason],
    [5, 5, 5 * P, 'readings'],
  );
  assert.equal(statement.head, lone.purchase.head);
});

ending('by its owner, by the seller, or by expiry, pays for what is held', () => {
  const owner = stop({}, (lone) => {
    buy(lone, 1, 3);
    lone.tell({ kind: 'stop', reason: 'buyer' });
    lone.tell({ kind: 'flush' });
  });
  assert.equal([statementOf(owner).paid, statementOf(owner).reason], [3, 'buyer']);
  const seller = stop({}, (lone) => {
    buy(lone, 1, 2);
    lone.control({ kind: 'end', parts: ['seller'] });
  });
  assert.equal([statementOf(seller).paid, statementOf(seller).reason], [2, 'seller']);
  const expiry = stop({ expiryS: START_S + 90 }, (lone) => {
    buy(lone, 1, 4);
    lone.wait(31_000);
  });
  assert.equal([statementOf(expiry).paid, statementOf(expiry).reason], [4, 'expiry']);
});

ending('before there is a channel is at once', () => {
  const lone = new LonePurchase();
  lone.tell({ kind: 'stop', reason: 'buyer' });
  assert.is(lone.ended, 'buyer');
});

ending('is the seller’s signature under what was stated', () => {
  const lone = stop({ readingsMax: 2 }, (one) => buy(one, 1, 2));
  const [stated] = lone.controls('statement')[0]!.parts;
  const { lease, seller } = lone.deal;
  lone.control({ kind: 'agreed', parts: [agreeStatement(lease.id, stated, seller.signer)] });
  assert.is(lone.ended, 'readings');
  const report = purchaseReport(lone.purchase);
  assert.equal([report.delivered, report.paid, report.paidNano, report.dueNano], [2, 2, 2 * P, 2 * P]);
  lone.clear();
  lone.reading(3);
  lone.wait(60_000);
  assert.is(lone.sent.length, 0, 'and nothing comes after it');
});

ending('states what the seller can show where that is more than the disk remembered', () => {
  const lone = LonePurchase.buying({ readingsMax: 6, ticks: 64 });
  buy(lone, 1, 4);
  const copy = lone.records.length;
  buy(lone, 5, 6);
  const best = { voucher: lone.messages('voucher')[0]!, tick: lone.messages('tick').at(-1)! };
  lone.restart(copy);
  lone.tell({ kind: 'stop', reason: 'buyer' });
  lone.resynced(best.voucher, best.tick);
  lone.sync();
  lone.sync();
  const statement = statementOf(lone);
  assert.equal([statement.delivered, statement.paid, statement.totalNano], [4, 4, 6 * P]);
});

ending('is spoken of less and less often to a seller that never answers', () => {
  const lone = LonePurchase.buying({ expiryS: START_S + 7200 });
  lone.tell({ kind: 'stop', reason: 'buyer' });
  lone.clear();
  lone.wait(1_800_000);
  const spoken = lone.controls('grant').length;
  assert.ok(spoken >= 30 && spoken <= 40, `${spoken} times in half an hour`);
});

ending.run();
