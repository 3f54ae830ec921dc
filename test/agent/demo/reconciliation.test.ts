import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Books, type LedgerLine, reconcileBooks } from '../../../agent/demo/reconciliation.ts';
import type { Side } from '../../../agent/demo/scene.ts';

const PRICE_NANO = 2_000_000;

const side = (delivered: number, paid: number): Side => ({
  delivered,
  paid,
  paidNano: paid * PRICE_NANO,
  unpaidNano: (delivered - paid) * PRICE_NANO,
  windowNano: 0,
  claimedNano: paid * PRICE_NANO,
});

const line = (delivered: number, paid: number): LedgerLine => ({
  lease: 'ab'.repeat(32),
  currency: 'EUR',
  closed: true,
  soldNano: paid * PRICE_NANO,
  delivered,
  paid,
  claimedNano: paid * PRICE_NANO,
  disputedNano: 0,
});

const books = (wish: Partial<Books>): Books => ({
  seller: side(60, 60),
  buyer: side(60, 60),
  ledger: [line(60, 60)],
  price: [{ from: 1, priceNano: PRICE_NANO }],
  ...wish,
});

const test = suite('reconcileBooks');

test('finds no difference where three books agree, over one lease or several', () => {
  for (const ledger of [[line(60, 60)], [line(20, 20), line(40, 40)]]) {
    const result = reconcileBooks(books({ ledger }));
    assert.equal(result.differences, []);
    assert.equal([result.sold, result.delivered, result.paid, result.disputed], [60, 60, 60, 0]);
    assert.is(result.paidNano, 60 * PRICE_NANO);
  }
});

test('names who says what where one book differs', () => {
  const wrong: readonly (readonly [Partial<Books>, RegExp])[] = [
    [{ seller: side(61, 60) }, /readings delivered: the seller says 61, the buyer says 60/],
    [{ buyer: side(60, 59) }, /readings paid: .*the buyer says 59/],
    [{ ledger: [line(60, 58)] }, /nano paid: .*the ledger says 116000000/],
  ];
  for (const [wish, pattern] of wrong) {
    assert.ok(
      reconcileBooks(books(wish)).differences.some((difference) => pattern.test(difference)),
      String(pattern),
    );
  }
});

test('counts what was sold and not paid as disputed', () => {
  const result = reconcileBooks(books({ seller: side(60, 58), buyer: side(60, 58), ledger: [line(60, 58)] }));
  assert.is(result.disputed, 2);
});

test('does not call a run settled with an open channel or without a statement', () => {
  const open = { ...line(60, 60), closed: false };
  const unstated = { ...line(60, 60), soldNano: null };
  assert.match(reconcileBooks(books({ ledger: [open] })).differences[0]!, 'still open');
  assert.match(reconcileBooks(books({ ledger: [unstated] })).differences[0]!, 'no statement');
  assert.ok(
    reconcileBooks(books({ ledger: [] })).differences.length > 0,
    'a lease that the ledger never saw',
  );
});

test.run();
