import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Presenting } from '../../../agent/owner/presenting.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { idOf } from '../../../schemas/identity.ts';
import type { Request } from '../../../schemas/request.ts';
import { type Deal, dealOf } from '../../world/deal.ts';
import { LoneSale } from '../../world/lone-sale.ts';
import { PRICE_NANO as P } from '../../world/options.ts';
import { Bench, crypto } from './bench.ts';
import { type Booked, FakeSettler } from './fake-settler.ts';
import { saleLaneOf } from './lanes.ts';

/** A sale whose four readings are paid, claimed and booked; the settler may lose its memory. */
class Case {
  readonly deal: Deal = dealOf();
  readonly lone = LoneSale.selling(this.deal, 4, { paidBeforeNano: 9 * P });
  readonly bench = new Bench(this.deal.seller.signer);
  readonly settler = new FakeSettler(() => this.bench.nowMs, this.deal.settler.signer);
  presenting = new Presenting(this.bench.ports);

  constructor() {
    this.settler.answer('', { kind: 'open', id: new Uint8Array(8), parts: [this.deal.openBytes] });
    this.lone.hear(this.lone.payer.tick(1, 4));
    this.settle();
    this.settler.asked.length = 0;
  }

  /** The engine asks, the settler answers. */
  settle(): void {
    this.lone.sync();
    this.lone.wait(1250);
    for (const request of this.lone.requests.splice(0)) {
      const reply = this.settler.answer(idOf(this.deal.seller.signer.key, crypto.sha256), request);
      if (reply !== null) this.lone.tell({ kind: 'reply', request: reply });
    }
  }

  async restart(): Promise<void> {
    await this.bench.restart();
    this.presenting = new Presenting(this.bench.ports);
  }

  run(forMs = 1000): void {
    for (const code of this.lone.notices) this.presenting.onNotice(saleLaneOf(this.lone), code);
    this.lone.clear();
    const answer = (from: string, request: Request): Request | null => this.settler.answer(from, request);
    this.bench.run({ [this.settler.id]: answer }, forMs);
  }

  booked(): number | undefined {
    return this.settler.channels.get(toHex(this.deal.channel.id))?.paidNano;
  }
}

const withCase = (body: (one: Case) => Promise<void> | void) => async () => {
  const one = new Case();
  try {
    await body(one);
  } finally {
    await one.bench.close();
  }
};

const presenting = suite('Presenting');

presenting(
  'shows a settler that does not know a running sale the receipt, the open and the best evidence, in this order',
  withCase((one) => {
    assert.is(one.booked(), 4 * P);
    one.settler.forget();
    one.lone.produce(1);
    one.lone.hear(one.lone.payer.tick(1, 5));
    one.settle();
    one.settler.asked.length = 0;
    one.run();
    assert.equal(one.settler.kindsAsked(), ['present', 'open', 'claim']);
    assert.is(one.booked(), 5 * P);
    one.settle();
    assert.is(one.lone.sale.claimedNano, 5 * P);
  }),
);

presenting(
  'shows it where the settler says that it has booked less than it signed for',
  withCase((one) => {
    one.settler.channels.get(toHex(one.deal.channel.id))!.paidNano = P;
    const query = { kind: 'query', id: new Uint8Array(8), parts: [one.deal.channel.id] } as const;
    one.lone.sale.outbox.push({ to: 'settler', request: query, dueMs: 0, waitMs: 1 });
    one.lone.tell({ kind: 'reply', request: one.settler.answer('', query)! });
    one.run();
    assert.is(one.booked(), 4 * P);
  }),
);

presenting(
  'goes on where the settler refuses, and does not show the same again within a minute',
  withCase((one) => {
    one.settler.forget();
    for (let i = 0; i < 100; i++) {
      one.presenting.onNotice(saleLaneOf(one.lone), 'channel-unknown');
      one.run(250);
    }
    assert.equal(one.settler.kindsAsked(), ['present', 'open', 'claim']);
    one.run(60_000);
    one.presenting.onNotice(saleLaneOf(one.lone), 'channel-unknown');
    one.run();
    assert.is(one.settler.asked.length, 6);
  }),
);

presenting(
  'finds out after a connect that sales which ended are forgotten, and shows each',
  withCase(async (one) => {
    one.presenting.keep(saleLaneOf(one.lone));
    await one.restart();
    one.presenting.onConnected();
    one.run();
    assert.equal(one.settler.kindsAsked(), ['query'], 'it knows the newest');
    one.settler.forget();
    one.presenting.onConnected();
    one.run();
    assert.equal(one.settler.kindsAsked(), ['query', 'query', 'present', 'open', 'claim']);
    assert.is(one.booked(), 4 * P);
  }),
);

for (const [what, forget] of [
  ['less', (booked) => (booked.paidNano = P)],
  ['as much, of an older entry', (booked) => (booked.bookedIndex = 0)],
] as const satisfies readonly (readonly [string, (booked: Booked) => void])[]) {
  presenting(
    `finds out after a connect that a sale which ended is booked with ${what}`,
    withCase((one) => {
      one.presenting.keep(saleLaneOf(one.lone));
      forget(one.settler.channels.get(toHex(one.deal.channel.id))!);
      one.presenting.onConnected();
      one.run();
      assert.equal(one.settler.kindsAsked(), ['query', 'present', 'open', 'claim']);
      assert.is(one.booked(), 4 * P);
    }),
  );
}

presenting(
  'has nothing to show where the settler has signed nothing yet',
  withCase((one) => {
    const young = LoneSale.selling(dealOf({ seed: 2 }), 2);
    one.presenting.onNotice(saleLaneOf(young), 'channel-unknown');
    assert.is(one.presenting.keep(saleLaneOf(young)), null);
    one.run();
    assert.equal(one.settler.asked, []);
  }),
);

presenting(
  'asks for the grant again until the settler has what backs it',
  withCase((one) => {
    one.settler.forget();
    one.settler.poor = true;
    one.presenting.onNotice(saleLaneOf(one.lone), 'channel-unknown');
    one.run(400_000);
    assert.equal([one.booked(), one.settler.kindsAsked()], [undefined, ['present', 'open', 'open']]);
    assert.ok(one.bench.notices.some((notice) => notice.startsWith('deposit-insufficient: ')));
    one.settler.poor = false;
    one.run(400_000);
    assert.is(one.booked(), 4 * P);
  }),
);

presenting.run();
