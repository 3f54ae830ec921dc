import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Case, partings, resolutionsOf, type Word } from '../../broker/settler/ledger/resolution.ts';
import { PAYEE, PAYER } from './parties.ts';
import { HEAD_A, HEAD_B } from './words.ts';

const BYTES = new Uint8Array([1]);

const word = (party: Uint8Array, says: Partial<Word>): Word => ({
  party,
  version: 1,
  open: true,
  delivered: 300,
  totalNano: 15,
  head: HEAD_A,
  reason: 'it differs',
  bytes: party,
  ...says,
});

const payer = (says: Partial<Word> = {}): Word => word(PAYER.key, says);
const payee = (says: Partial<Word> = {}): Word => word(PAYEE.key, says);

const voucher = (readings: number, head: Uint8Array): Case['voucher'] => ({
  said: { seq: 7, cumulativeNano: 15, readings, head, anchor: null, tickNano: 0 },
  evidence: { voucher: BYTES, tick: null },
});

/** Who is resolved, by what. */
const found = (on: Partial<Case>): string[] => {
  const whole: Case = {
    payer: null,
    payee: null,
    paidNano: 15,
    closed: false,
    voucher: null,
    papers: {},
    ...on,
  };
  return resolutionsOf(whole).map(
    ({ party, by }) => `${party === PAYER.key ? 'payer' : party === PAYEE.key ? 'payee' : '?'} ${by}`,
  );
};

const resolution = suite('resolutionsOf');

resolution('leaves alone what no evidence speaks to', () => {
  assert.equal(found({}), []);
  assert.equal(found({ payer: payer() }), []);
  assert.equal(found({ payee: payee() }), []);
  assert.equal(found({ payer: payer(), payee: payee({ head: HEAD_B }) }), []);
  assert.equal(found({ payer: payer(), payee: payee({ head: HEAD_B }), voucher: voucher(280, HEAD_B) }), []);
});

resolution('an agreed statement ends both', () => {
  const papers = { statement: BYTES };
  assert.equal(found({ payer: payer(), payee: payee({ head: HEAD_B }), papers }), [
    'payer statement',
    'payee statement',
  ]);
  assert.equal(found({ payee: payee(), papers }), ['payee statement']);
});

resolution('never a dispute that is not open', () => {
  const papers = { statement: BYTES };
  assert.equal(found({ payer: payer({ open: false }), payee: payee({ open: false }), papers }), []);
  assert.equal(found({ payer: payer({ open: false }), payee: payee(), papers }), ['payee statement']);
});

resolution('a voucher with the readings, the head and the total of the payee ends both', () => {
  const sides = { payer: payer({ head: HEAD_B }), payee: payee(), voucher: voucher(300, HEAD_A) };
  assert.equal(found(sides), ['payer voucher', 'payee voucher']);
  assert.equal(found({ ...sides, payer: null }), ['payee voucher']);
  // What the payee stated stands, though it took its own dispute back.
  assert.equal(found({ ...sides, payee: payee({ open: false }) }), ['payer voucher']);
});

resolution('not where the payee states more than is proven', () => {
  const voucherOf = voucher(300, HEAD_A);
  const honest = payer({ totalNano: 15 });
  assert.equal(found({ payer: honest, payee: payee({ totalNano: 16 }), voucher: voucherOf }), []);
  assert.equal(found({ payer: honest, payee: payee({ delivered: 301 }), voucher: voucherOf }), []);
  assert.equal(found({ payer: honest, payee: payee({ head: HEAD_B }), voucher: voucherOf }), []);
});

resolution('a payer that signed more, or otherwise, than it disputes is contradicted by itself', () => {
  const on = (says: Partial<Word>) => found({ payer: payer(says), voucher: voucher(300, HEAD_A) });
  assert.equal(on({}), []);
  assert.equal(on({ delivered: 299 }), ['payer voucher']);
  assert.equal(on({ head: HEAD_B }), ['payer voucher']);
  assert.equal(on({ totalNano: 14 }), ['payer voucher']);
  // It may hold more than it has signed for yet.
  assert.equal(on({ delivered: 301, head: HEAD_B, totalNano: 16 }), []);
});

resolution('a payer’s evidence against itself leaves the payee’s dispute open', () => {
  const on = {
    payer: payer({ delivered: 200 }),
    payee: payee({ head: HEAD_B }),
    voucher: voucher(300, HEAD_A),
  };
  assert.equal(found(on), ['payer voucher']);
});

resolution('a payee that closed at less than it disputes is contradicted by itself', () => {
  const close = (totalNano: number) => ({ close: { totalNano, bytes: BYTES } });
  const on = { payee: payee({ totalNano: 20 }), closed: true };
  assert.equal(found({ ...on, papers: close(15) }), ['payee close']);
  assert.equal(found({ ...on, closed: false, papers: close(15) }), []);
  assert.equal(found({ payee: payee({ totalNano: 15 }), closed: true, papers: close(15) }), []);
  assert.equal(found({ ...on, payer: payer({ head: HEAD_B }), papers: close(15) }), ['payee close']);
});

resolution('a close that was refused, because more is booked, says nothing', () => {
  const papers = { close: { totalNano: 9, bytes: BYTES } };
  assert.equal(found({ payee: payee({ totalNano: 20 }), closed: true, papers }), []);
});

resolution('words that say the same end each other, by the other’s signature', () => {
  assert.equal(found({ payer: payer(), payee: payee() }), ['payer agreement', 'payee agreement']);
  assert.equal(found({ payer: payer({ open: false }), payee: payee() }), ['payee agreement']);
  const both = resolutionsOf({
    payer: payer(),
    payee: payee(),
    paidNano: 0,
    closed: false,
    voucher: null,
    papers: {},
  });
  assert.equal(
    both.map(({ proof }) => proof),
    [PAYEE.key, PAYER.key],
  );
});

resolution('names where two sides part', () => {
  assert.equal(partings(payer(), payee()), []);
  assert.equal(partings(payer({ delivered: 1, totalNano: 2, head: HEAD_B }), payee()), [
    'delivered',
    'totalNano',
    'head',
  ]);
});

resolution.run();
