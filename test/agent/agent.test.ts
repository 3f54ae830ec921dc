import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startAgent } from '../../agent/agent.ts';
import { askStatus } from '../../agent/control.ts';
import { openAgreed } from '../../schemas/statement.ts';
import { until } from '../wait.ts';
import { assertBooks, assertBought, hasSettled, isDone } from './books.ts';
import { crypto, demand, Market, MemoryDevice, memoryValve, offer, PRICE_NANO, signerOf } from './market.ts';

const SELLER = 1;
const BUYER = 2;
const DEAR_SELLER = 3;

const test = suite('startAgent');

const withMarket = (body: (market: Market) => Promise<void>) => async (): Promise<void> => {
  const market = await new Market().open();
  try {
    await body(market);
  } finally {
    await market.close();
  }
};

test(
  'sells readings one by one to an agent that wants them, and three books agree',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    let measured = 0;
    await until(
      () => isDone(buyer) && hasSettled(seller, 1),
      () => board.measure(2000 + measured++),
    );
    assert.is(buyer.bought.length, 40);
    assertBought(buyer, 40);
    const first = Math.round(Number(buyer.bought[0]!.text) * 100);
    const hundredths = buyer.bought.map((one) => Math.round(Number(one.text) * 100));
    assert.equal(
      hundredths,
      hundredths.map((_, i) => first + i),
      'no reading is lost or out of order',
    );
    await assertBooks(market, seller, buyer);
    const [ended] = buyer.status().ended;
    const statement = openAgreed(
      ended!.statement!,
      Uint8Array.from(Buffer.from(ended!.lease, 'hex')),
      signerOf(BUYER).key,
      signerOf(SELLER).key,
      crypto.verify,
    );
    assert.ok(statement.ok && statement.value.totalNano === 40 * PRICE_NANO);
  }),
);

test(
  'buys no more than its budget pays for',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const budgetNano = 7 * PRICE_NANO + PRICE_NANO / 2;
    const buyer = await market.start({ seed: BUYER, buy: [demand({ budgetNano })] });
    await until(
      () => hasSettled(seller, 1) && buyer.status().ended.length === 1,
      () => board.measure(2000),
    );
    assert.is(buyer.bought.length, 7);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'goes on with a lease after either side has been away',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const sellerWish = { seed: SELLER, devices: { board }, sell: [offer()] };
    const buyerWish = { seed: BUYER, buy: [demand()] };
    let seller = await market.start(sellerWish);
    let buyer = await market.start(buyerWish);
    const measure = (): void => board.measure(2000);
    await until(() => buyer.bought.length >= 10, measure);
    await market.stop(buyer);
    const before = buyer.bought.length;
    buyer = await market.start(buyerWish);
    await until(() => buyer.bought.length >= 10, measure);
    assert.is(buyer.bought[0]!.seq, before + 1, 'what was bought before is not bought again');
    await market.stop(seller);
    seller = await market.start(sellerWish);
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    assert.is(buyer.bought.at(-1)!.seq, 40);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'goes on with a lease after the box has been away',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    const measure = (): void => board.measure(2000);
    await until(() => buyer.bought.length >= 10, measure);
    await market.closeBox();
    await until(() => !seller.status().connected && !buyer.status().connected, measure);
    await market.open();
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'asks the next best seller when the best refuses',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const cheap = new MemoryDevice();
    const dear = new MemoryDevice();
    const dearOffer = offer({ price: [{ from: 1, priceNano: 2 * PRICE_NANO }] });
    await market.start({ seed: SELLER, devices: { board: cheap }, sell: [offer()], exposureNano: 1 });
    const seller = await market.start({ seed: DEAR_SELLER, devices: { board: dear }, sell: [dearOffer] });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    await until(
      () => isDone(buyer) && hasSettled(seller, 1),
      () => dear.measure(2000),
    );
    assert.ok(buyer.notices.some((notice) => notice.code === 'exposure-exceeded'));
    assert.is(buyer.bought.length, 40);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'sells nothing before a settler it trusts has told the time',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const foreign = signerOf(77).key;
    const seller = await market.start({
      seed: SELLER,
      devices: { board },
      sell: [offer()],
      settler: foreign,
    });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    await until(() => seller.status().connected && buyer.status().timeProven);
    assert.is(seller.status().timeProven, false);
    assert.is(seller.status().leases.length, 0);
    assert.is(buyer.bought.length, 0);
  }),
);

test(
  'opens and closes an output by what it bought, and closes it at the end',
  withMarket(async (market) => {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new MemoryDevice();
    const valve = memoryValve();
    const rule = {
      name: 'irrigation',
      on: 'temperature',
      device: 'valve',
      output: 'valve',
      openAt: { mantissa: 25, exponent: 0 },
      closeAt: { mantissa: 20, exponent: 0 },
      silenceMs: 60_000,
    };
    await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, devices: { valve }, buy: [demand()], rules: [rule] });
    await until(
      () => valve.commands.includes(1),
      () => board.measure(2600),
    );
    await until(() => buyer.status().rules[0]!.acknowledged === 'open');
    await until(
      () => isDone(buyer) && buyer.status().rules[0]!.acknowledged === 'closed',
      () => board.measure(2200),
    );
    assert.equal(
      valve.commands.filter((command, i, all) => command !== all[i - 1]),
      [0, 1, 0],
    );
    assert.match(buyer.status().rules[0]!.reason, 'end of the lease');
  }),
);

test(
  'refuses a state directory that another process of it uses',
  withMarket(async (market) => {
    await market.start({ seed: SELLER });
    const second = await startAgent(market.configOf({ seed: SELLER }), {
      crypto,
      signer: signerOf(SELLER),
      openDevice: () => Promise.reject(new Error('no device is configured')),
      onNotice: () => {},
    });
    assert.ok(!second.ok && second.code === 'locked');
  }),
);

test(
  'answers a status to its owner alone, and its files are for its owner alone',
  withMarket(async (market) => {
    const party = await market.start({ seed: SELLER });
    const { state } = market.configOf({ seed: SELLER });
    const status = await askStatus(state);
    assert.ok(status.ok && status.value.did === party.status().did);
    for (const name of readdirSync(state)) assert.is(statSync(join(state, name)).mode & 0o077, 0, name);
    await market.stop(party);
    const gone = await askStatus(state);
    assert.ok(!gone.ok && gone.code === 'storage-failed');
  }),
);

test.run();
