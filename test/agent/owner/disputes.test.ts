import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LeaseLane } from '../../../agent/lanes.ts';
import { Disputes } from '../../../agent/owner/disputes.ts';
import { type Dispute, openDispute } from '../../../schemas/dispute.ts';
import type { Request } from '../../../schemas/request.ts';
import { filled } from '../../vectors/parties.ts';
import { dealOf, must } from '../../world/deal.ts';
import { LonePurchase } from '../../world/lone-purchase.ts';
import { LoneSale } from '../../world/lone-sale.ts';
import { PRICE_NANO as P } from '../../world/options.ts';
import { Bench, crypto } from './bench.ts';
import { FakeSettler } from './fake-settler.ts';
import { purchaseLaneOf, saleLaneOf } from './lanes.ts';

class Case {
  readonly lone: LoneSale | LonePurchase;
  readonly lane: LeaseLane;
  readonly bench: Bench;
  readonly settler: FakeSettler;
  disputes: Disputes;

  constructor(lone: LoneSale | LonePurchase) {
    this.lone = lone;
    this.lane = lone instanceof LoneSale ? saleLaneOf(lone) : purchaseLaneOf(lone);
    const { seller, buyer, settler } = lone.deal;
    this.bench = new Bench((lone instanceof LoneSale ? seller : buyer).signer);
    this.settler = new FakeSettler(() => this.bench.nowMs, settler.signer);
    this.disputes = new Disputes(this.bench.ports);
  }

  async restart(): Promise<void> {
    await this.bench.restart();
    this.disputes = new Disputes(this.bench.ports);
    this.disputes.onConnected();
  }

  /** As the agent does: what the engine said, then time. */
  run(forMs = 1000): void {
    for (const code of this.lone.notices) this.disputes.onNotice(this.lane, code);
    this.lone.clear();
    const answer = (from: string, request: Request): Request | null => this.settler.answer(from, request);
    this.bench.run({ [this.settler.id]: answer }, forMs, () =>
      this.disputes.watch(this.lane, this.bench.nowMs, false),
    );
  }

  /** What the settler was told, in order. */
  told(): Dispute[] {
    return this.settler.asked.map(({ request }) => {
      if (request.kind !== 'dispute') throw new Error(request.kind);
      assert.equal(request.parts[0], this.lone.deal.channel.id);
      return must(openDispute(request.parts[1], request.parts[0], crypto.verify));
    });
  }

  status(): unknown[] {
    return this.disputes.status().map(({ open, noted, reason }) => [open, noted, reason]);
  }
}

/** A sale whose buyer has paid for three readings, all of them sent. */
const selling = (): LoneSale => {
  const lone = LoneSale.selling(dealOf(), 4, { paidBeforeNano: 9 * P });
  lone.hear(lone.payer.tick(1, 3));
  return lone;
};

const withCase =
  (make: () => LoneSale | LonePurchase, body: (one: Case) => Promise<void> | void) => async () => {
    const one = new Case(make());
    try {
      await body(one);
    } finally {
      await one.bench.close();
    }
  };

const disputes = suite('Disputes');

disputes(
  'open where a voucher names another chain of readings, with what this side holds, once',
  withCase(selling, async (one) => {
    const lone = one.lone as LoneSale;
    const head = lone.headAfter(4);
    lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 3 * P, readings: 3, head: filled(9) }));
    one.settler.deaf.add('dispute');
    one.run();
    assert.equal(one.status(), [[true, false, 'the head of a voucher differs']]);
    await one.restart();
    one.settler.deaf.clear();
    one.run(600_000);
    assert.equal(one.status(), [[true, true, 'the head of a voucher differs']]);
    const { party, open, delivered, totalNano, head: held } = one.told()[0]!;
    assert.equal(
      [party, open, delivered, totalNano, held],
      [lone.deal.seller.signer.key, true, 4, 3 * P, head],
    );
    assert.is(one.told().length, 1);
    await one.restart();
    one.run(600_000);
    assert.is(one.told().length, 2, 'once after a connect: the settler may have forgotten');
    assert.equal(one.told()[0], one.told()[1]);
  }),
);

disputes(
  'are withdrawn when the statement is agreed after all, and then shown no more',
  withCase(selling, (one) => {
    const lone = one.lone as LoneSale;
    const agreeable = lone.statement(3);
    lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 3 * P, readings: 3, head: filled(9) }));
    one.run();
    lone.control({ kind: 'statement', parts: [agreeable] });
    one.run();
    const [first, second] = one.told();
    assert.equal([first!.open, second!.open], [true, false]);
    assert.ok(second!.version > first!.version);
    assert.equal(one.status(), []);
    one.disputes.onConnected();
    one.run(600_000);
    assert.is(one.told().length, 2, 'what is over is over');
  }),
);

disputes(
  'do not open for a statement that is refused once and agreed at the next',
  withCase(selling, (one) => {
    const lone = one.lone as LoneSale;
    const agreeable = lone.statement(3);
    lone.control({ kind: 'statement', parts: [lone.statement(3, { totalNano: 2 * P })] });
    assert.ok(lone.notices.includes('statement-differs'));
    one.run(9000);
    lone.control({ kind: 'statement', parts: [agreeable] });
    one.run(600_000);
    assert.equal(one.told(), []);
  }),
);

disputes(
  'open for a statement that goes on being refused, or at the end of the lease',
  withCase(selling, (one) => {
    const lone = one.lone as LoneSale;
    lone.control({ kind: 'statement', parts: [lone.statement(3, { totalNano: 2 * P })] });
    one.run(9000);
    assert.equal(one.told(), []);
    one.run(2000);
    assert.equal(one.status(), [[true, true, 'the statement cannot be agreed']]);
  }),
);

disputes(
  'open at the end of a lease whose statement was refused',
  withCase(selling, (one) => {
    const lone = one.lone as LoneSale;
    lone.control({ kind: 'statement', parts: [lone.statement(3, { totalNano: 2 * P })] });
    one.run();
    one.disputes.watch(one.lane, one.bench.nowMs, true);
    assert.equal(one.status(), [[true, false, 'the statement cannot be agreed']]);
  }),
);

disputes(
  'open for a buyer too whose seller refuses what it states',
  withCase(
    () => LonePurchase.buying({ readingsMax: 3 }),
    (one) => {
      const lone = one.lone as LonePurchase;
      lone.readings(1, 3);
      lone.sync();
      lone.control({ kind: 'refusal', parts: [86, 'held here: 0 nano', null, null] });
      one.run(20_000);
      const [told] = one.told();
      const { highest, releasedNano, head } = lone.purchase;
      assert.equal([told!.delivered, told!.totalNano, told!.head], [highest, releasedNano, head]);
      assert.equal([highest, releasedNano, told!.party], [3, 3 * P, lone.deal.buyer.signer.key]);
    },
  ),
);

disputes(
  'do not open for a lease that ends in peace',
  withCase(selling, (one) => {
    one.run(60_000);
    one.disputes.watch(one.lane, one.bench.nowMs, true);
    assert.equal([one.told(), one.status()], [[], []]);
  }),
);

disputes.run();
