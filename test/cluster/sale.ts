/** A sale of readings over a broker of another make, and what may happen in the middle of it. */

import { assertBooks, assertBought, hasSettled, isDone } from '../agent/books.ts';
import { demand, MemoryDevice, offer, PRICE_NANO } from '../agent/market.ts';
import { until } from '../wait.ts';
import type { ForeignMarket } from './foreign-market.ts';

export type Sale = {
  readonly market: ForeignMarket;
  readonly seller: number;
  readonly buyer: number;
  readonly readings: number;
  /** One after the other, evenly spread over the sale. */
  readonly mishaps?: readonly (() => Promise<unknown>)[];
};

/** Ends when both are done, and every book says the same. */
export const assertSale = async ({ market, seller, buyer, readings, mishaps = [] }: Sale): Promise<void> => {
  await market.deposit(buyer, BigInt(10 * readings * PRICE_NANO));
  const board = new MemoryDevice();
  // A signature for every eight readings: claims go on all the time.
  const sells = await market.start({ seed: seller, devices: { board }, sell: [offer({ ticks: 8 })] });
  const budgetNano = 2 * readings * PRICE_NANO;
  const buys = await market.start({ seed: buyer, buy: [demand({ readings, budgetNano })] });
  let measured = 0;
  const measure = (): void => board.measure(2000 + measured++);
  for (const [i, mishap] of mishaps.entries()) {
    const due = ((i + 1) * readings) / (mishaps.length + 1);
    await until(() => buys.bought.length >= due, measure);
    await mishap();
  }
  await until(() => isDone(buys) && hasSettled(sells, 1), measure);
  assertBought(buys, readings);
  await assertBooks(market, sells, buys);
  market.verify();
  await market.stop(sells);
  await market.stop(buys);
};
