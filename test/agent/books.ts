/** Whether a market is done, and what its three books must say then. */

import * as assert from 'uvu/assert';
import type { Market, Party } from './market.ts';

export const isDone = (buyer: Party): boolean => buyer.status().demands.every((one) => one.state === 'done');

export const hasSettled = (seller: Party, leases: number): boolean =>
  seller.status().ended.filter((one) => one.role === 'sale').length === leases;

/** What was bought is there once each, in order: none was lost, none sold twice under another number. */
export const assertBought = (buyer: Party, readings: number): void =>
  assert.equal(
    buyer.bought.map(({ seq }) => seq),
    Array.from({ length: readings }, (_, i) => i + 1),
    'each reading once, in order',
  );

/** The same of a sensor that rises with each measurement: what is sold twice shows. Answers with the values. */
export const assertRising = (buyer: Party, readings: number): number[] => {
  assertBought(buyer, readings);
  const values = buyer.bought.map(({ text }) => Number(text));
  const back = values.findIndex((value, i) => i > 0 && value <= values[i - 1]!);
  assert.is(back, -1, `reading ${back + 1} is not newer than the one before: ${values}`);
  return values;
};

/** Seller, buyer and settler agree on every lease, reading for reading and nano for nano. */
export const assertBooks = async (market: Market, seller: Party, buyer: Party): Promise<void> => {
  const ledger = await market.ledger();
  const sales = seller.status().ended.filter((one) => one.role === 'sale');
  assert.is(ledger.length, sales.length, 'every lease is in the ledger');
  for (const sale of sales) {
    const purchase = buyer.status().ended.find((one) => one.lease === sale.lease && one.role === 'purchase')!;
    const line = ledger.find((one) => one.lease === sale.lease)!;
    assert.is(line.closed, true);
    assert.equal([line.claimedNano, line.soldNano, line.disputedNano], [sale.paidNano, purchase.paidNano, 0]);
    assert.equal([line.delivered, line.paid], [purchase.delivered, sale.paid]);
    assert.is(sale.unpaidNano, 0);
  }
};
