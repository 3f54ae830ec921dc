/** Whole agents and a settler that obeys budgets, over a real broker. */

import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { orderBudget } from '../../../agent/control.ts';
import { didKey } from '../../../schemas/identity.ts';
import { until } from '../../wait.ts';
import { must } from '../../world/deal.ts';
import { assertBooks, assertBought, hasSettled, isDone } from '../books.ts';
import { demand, Market, MemoryDevice, offer, PRICE_NANO } from '../market.ts';
import { signerOf } from './bench.ts';

const SELLER = 1;
const BUYER = 2;
const OWNER = 7;
const SETTLER = signerOf(200).key;

const withMarket = (body: (market: Market) => Promise<void>) => async (): Promise<void> => {
  const market = await new Market().open();
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
    await market.deposit(OWNER, 10_000_000_000n);
    const device = signerOf(BUYER).key;
    const readings = 100;
    const own = { device, settler: SETTLER, currency: 'EUR', dayNano: null, sellerNano: null, days: 365 };
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
    assert.is(buyer.bought.length, readings, 'from the deposit of its owner: it has none');
    assert.ok(buyer.status().ended.length > 1, 'one lease after the other, as far as the budget went');
    const refused = buyer.notices.filter(({ code }) => code === 'budget-exhausted');
    assert.equal(refused, [], 'the device obeyed before the settler had to refuse');
    const views = () => ({
      budget: buyer.status().owner.budgets[0]!,
      owned: owner.status().owner.devices[0]!,
    });
    // A last refill may be on its way still.
    await until(
      () => views().budget.enrolled && views().owned.totalNano === views().budget.totalNano,
      () => {},
      () => JSON.stringify(views(), (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    );
    const { budget, owned } = views();
    assert.ok(budget.totalNano > 40 * PRICE_NANO);
    assert.is(budget.owner, didKey(signerOf(OWNER).key));
    assert.is(owned.device, didKey(device));
    assert.ok(owned.spentNano > 0 && owned.spentNano + owned.reservedNano <= owned.totalNano);
    await assertBooks(market, seller, buyer);
  }),
);

agents(
  'a device that a person raises while everything runs buys on, also after its owner has started again',
  withMarket(async (market) => {
    await market.deposit(OWNER, 10_000_000_000n);
    const device = signerOf(BUYER).key;
    const own = { device, settler: SETTLER, currency: 'EUR', dayNano: null, sellerNano: null, days: 365 };
    const owning = { seed: OWNER, owns: [{ ...own, totalNano: 20 * PRICE_NANO, refill: null }] };
    let owner = await market.start(owning);
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const wish = { seed: BUYER, buy: [demand({ readings: 40, budgetNano: 40 * PRICE_NANO })] };
    const buyer = await market.start({ ...wish, owner: { key: signerOf(OWNER).key, budgetFile: null } });
    const measure = (): void => board.measure(2000);
    await until(() => buyer.bought.length > 0, measure);
    const order = { device, settler: null, totalNano: 500 * PRICE_NANO, dayNano: null, sellerNano: null };
    must(await orderBudget(market.configOf(owning).state, order));
    await market.stop(owner);
    owner = await market.start(owning);
    await until(() => isDone(buyer) && hasSettled(seller, buyer.status().ended.length), measure);
    assert.is(buyer.bought.length, 40);
    assert.is(owner.status().owner.devices[0]!.totalNano, 500 * PRICE_NANO);
    await assertBooks(market, seller, buyer);
  }),
);

/** The files of the settler's database, which is closed. */
const databaseOf = (market: Market): string[] =>
  readdirSync(join(market.folder, 'box')).filter((name) => name.startsWith('settler.db'));

agents(
  'a settler that is restored from before a lease is told of it again, and three books agree',
  withMarket(async (market) => {
    const folder = join(market.folder, 'box');
    await market.deposit(BUYER, 10_000_000_000n);
    await market.closeBox();
    const backup = databaseOf(market);
    for (const name of backup) copyFileSync(join(folder, name), join(market.folder, name));
    await market.open();
    const board = new MemoryDevice();
    const seller = await market.start({ seed: SELLER, devices: { board }, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 150 })] });
    const measure = (): void => board.measure(2000);
    await until(() => (seller.status().leases[0]?.claimedNano ?? 0) > 0, measure);
    await market.closeBox();
    for (const name of databaseOf(market)) rmSync(join(folder, name));
    for (const name of backup) copyFileSync(join(market.folder, name), join(folder, name));
    await market.open();
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    assertBought(buyer, 150);
    assert.ok(seller.notices.some(({ detail }) => detail.includes('it is shown the receipt')));
    await assertBooks(market, seller, buyer);
  }),
);

agents(
  'lines and consents of an owner are noted, and shown as such',
  withMarket(async (market) => {
    const at = { settler: SETTLER, currency: 'EUR' };
    const trust = [{ ...at, debtor: signerOf(BUYER).key, limitNano: 50_000_000_000 }];
    const compression = [{ ...at, counterpartyNano: 20_000_000_000 }];
    const owner = await market.start({ seed: OWNER, trust, compression });
    await until(() => {
      const { lines, consents } = owner.status().owner;
      return [...lines, ...consents].every(({ noted }) => noted) && lines.length + consents.length === 2;
    });
  }),
);

agents(
  'a buyer without a deposit buys on the credit that a seller’s owner gives, and both see who bears default',
  withMarket(async (market) => {
    const board = new MemoryDevice();
    const trust = [
      { settler: SETTLER, currency: 'EUR', debtor: signerOf(BUYER).key, limitNano: 10_000_000_000 },
    ];
    const sale = { seed: SELLER, devices: { board }, sell: [offer()], trust };
    const seller = await market.start({ ...sale, backings: ['bilateral'] });
    await until(() => seller.status().owner.lines[0]?.noted === true);
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 150 })] });
    const measure = (): void => board.measure(2000);
    await until(() => buyer.bought.length > 20, measure);
    for (const { status } of [seller, buyer])
      assert.is(status().leases[0]!.defaultBorneBy, 'bilateral: the payee');
    await until(() => isDone(buyer) && hasSettled(seller, 1), measure);
    await assertBooks(market, seller, buyer);
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
