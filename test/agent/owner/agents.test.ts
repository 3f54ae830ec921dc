/** Whole agents over a real broker; the settler is one in memory. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BoxOptions, RunningBox } from '../../../broker/box.ts';
import { type RunningBroker, startBroker } from '../../../broker/broker.ts';
import { didKey } from '../../../schemas/identity.ts';
import { decodeRequest, encodeRequest } from '../../../schemas/request.ts';
import { ANY, inTopic, settlerTopic } from '../../../schemas/topic.ts';
import { assertBought, hasSettled, isDone } from '../books.ts';
import { demand, Market, MemoryDevice, offer, PRICE_NANO, taken, until } from '../market.ts';
import { crypto, signerOf } from './bench.ts';
import { FakeSettler } from './fake-settler.ts';

const SELLER = 1;
const BUYER = 2;
const OWNER = 7;
const SETTLER = 200;

class SmallMarket extends Market {
  readonly settler = new FakeSettler(Date.now);

  protected override async startBox(options: BoxOptions['broker']): Promise<RunningBox> {
    const ports = { crypto, log: () => {}, nowMs: Date.now };
    const broker = taken(await startBroker({ ...options, key: signerOf(SETTLER).key }, ports));
    await this.attach(broker);
    return { broker, close: () => broker.close() };
  }

  private async attach(broker: RunningBroker): Promise<void> {
    const attached = await broker.attach({
      filters: [settlerTopic(ANY, ANY)],
      onMessage: async (_, payload, from) => {
        const answer = this.settler.answer(from, taken(decodeRequest(payload)));
        if (answer !== null) await attached.publish(inTopic(from, this.settler.id), encodeRequest(answer));
      },
    });
  }
}

const withMarket = (body: (market: SmallMarket) => Promise<void>) => async (): Promise<void> => {
  const market = new SmallMarket();
  await market.open();
  try {
    await body(market);
  } finally {
    await market.close();
  }
};

const agents = suite('owners, devices and settlers');

agents(
  'a device buys within what its owner grants, is refilled as it goes, and its owner sees what it spent',
  withMarket(async (market) => {
    const { settler } = market;
    const device = signerOf(BUYER).key;
    const readings = 100;
    const own = { device, settler: settler.key, currency: 'EUR', dayNano: null, sellerNano: null, days: 365 };
    const refill = { upToNano: 200 * PRICE_NANO, stepNano: 30 * PRICE_NANO };
    const owner = await market.start({ seed: OWNER, owns: [{ ...own, totalNano: 40 * PRICE_NANO, refill }] });
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const wish = { seed: BUYER, buy: [demand({ readings, budgetNano: readings * PRICE_NANO })] };
    const buyer = await market.start({ ...wish, owner: { key: signerOf(OWNER).key, budgetFile: null } });
    await until(
      () => isDone(buyer) && hasSettled(seller, buyer.status().ended.length),
      () => board.measure(2000),
    );
    assert.is(buyer.bought.length, readings);
    assert.ok(buyer.status().ended.length > 1, 'one lease after the other, as far as the budget went');
    assert.equal(settler.refused, [], 'the device obeyed before the settler had to refuse');
    const [budget] = buyer.status().owner.budgets;
    assert.ok(budget!.enrolled && budget!.totalNano > 40 * PRICE_NANO);
    assert.is(budget!.owner, didKey(signerOf(OWNER).key));
    const [owned] = owner.status().owner.devices;
    assert.equal([owned!.device, owned!.totalNano], [didKey(device), budget!.totalNano]);
    assert.ok(owned!.spentNano > 0);
    assert.ok(settler.enrolments.get(Buffer.from(device).toString('hex'))!.version === budget!.version);
  }),
);

agents(
  'a settler that forgets everything in the middle of a lease is told again, and no nano is lost',
  withMarket(async (market) => {
    const { settler } = market;
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 400 })] });
    const measure = (): void => board.measure(2000);
    await until(() => (seller.status().leases[0]?.claimedNano ?? 0) > 0, measure);
    settler.forget();
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    assertBought(buyer, 400);
    assert.ok(settler.kindsAsked().includes('present'));
    const [booked] = settler.channels.values();
    assert.equal([booked!.paidNano, booked!.closed], [400 * PRICE_NANO, true]);
    assert.is(seller.status().ended[0]!.claimedNano, 400 * PRICE_NANO);
  }),
);

agents(
  'lines and consents of an owner are noted, and shown as such',
  withMarket(async (market) => {
    const at = { settler: market.settler.key, currency: 'EUR' };
    const trust = [{ ...at, debtor: signerOf(BUYER).key, limitNano: 50_000_000_000 }];
    const compression = [{ ...at, counterpartyNano: 20_000_000_000 }];
    const owner = await market.start({ seed: OWNER, trust, compression });
    await until(() => {
      const { lines, consents } = owner.status().owner;
      return [...lines, ...consents].every(({ noted }) => noted) && lines.length + consents.length === 2;
    });
    assert.equal([...market.settler.noted.values()], [1, 1]);
  }),
);

agents(
  'a budget file that is none is told at the start',
  withMarket(async (market) => {
    const owner = { key: signerOf(OWNER).key, budgetFile: import.meta.filename };
    const started = await market.start({ seed: BUYER, owner }).catch((raised: Error) => raised.message);
    assert.match(String(started), /object-malformed: .*agents\.test\.ts is no budget/);
  }),
);

agents.run();
