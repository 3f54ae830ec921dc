import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { purchaseFromRecords } from '../../agent/engine/purchase/records.ts';
import { decodeRecord, encodeRecord, KIND } from '../../agent/engine/record.ts';
import { saleFromRecords } from '../../agent/engine/sale/records.ts';
import { type Cbor, encodeCbor } from '../../schemas/cbor.ts';
import { BACKINGS_MAX, BACKINGS_USUAL } from '../../schemas/grant.ts';
import { dealOf, must } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';

const HANDLE = new Uint8Array(16).fill(3);
const codeOf = (bytes: Uint8Array): string => {
  const record = decodeRecord(bytes);
  return record.ok ? 'ok' : record.code;
};

const records = suite('records');

records('say whose they are and what they are', () => {
  const record = must(decodeRecord(encodeRecord(HANDLE, KIND.purchasePaid, [2, 9])));
  assert.equal(record, { handle: HANDLE, role: 'purchase', kind: 26, parts: [2, 9] });
  assert.is(must(decodeRecord(encodeRecord(HANDLE, KIND.saleDisputed, []))).role, 'sale');
});

records('have a number of their own each', () => {
  const numbers = Object.values(KIND);
  assert.is(new Set(numbers).size, numbers.length);
});

records('with other parts than their kind has are refused', () => {
  assert.is(codeOf(encodeRecord(HANDLE, KIND.purchasePaid, [2])), 'object-malformed');
  assert.is(codeOf(encodeRecord(HANDLE, KIND.purchasePaid, [0, 9])), 'value-out-of-range');
  assert.is(codeOf(encodeRecord(HANDLE, KIND.purchasePaid, [2, 1025])), 'value-out-of-range');
  assert.is(codeOf(encodeRecord(HANDLE, KIND.saleReadings, ['warm'])), 'value-out-of-range');
  assert.is(codeOf(encodeRecord(HANDLE, KIND.salePlace, [4, HANDLE])), 'value-out-of-range');
  assert.is(codeOf(encodeRecord(HANDLE, KIND.saleEnded, ['x'.repeat(200)])), 'value-out-of-range');
});

records('that are none are refused', () => {
  assert.is(codeOf(encodeCbor('record')), 'object-malformed');
  assert.is(codeOf(encodeCbor([])), 'object-malformed');
  assert.is(codeOf(encodeCbor([HANDLE.slice(1), 1])), 'value-out-of-range');
  assert.is(codeOf(new Uint8Array([0x82, 0x00])), 'cbor-truncated');
});

records('of a lease from before backings were chosen accept the usual ones', () => {
  const { deal, sale } = LoneSale.selling(dealOf(), 2, { backings: BACKINGS_MAX });
  const parts = [deal.lease.bytes, 1, 2, 3, 4];
  const restored = (all: readonly Cbor[]) =>
    must(saleFromRecords(deal.seller, [encodeRecord(sale.handle, KIND.saleLease, all)])).options.backings;
  assert.is(restored(parts), BACKINGS_USUAL);
  assert.is(restored([...parts, BACKINGS_MAX]), BACKINGS_MAX);
  assert.is(codeOf(encodeRecord(HANDLE, KIND.saleLease, [...parts, 8])), 'value-out-of-range');
});

records('of the shell around the engine pass with whatever they say', () => {
  assert.equal(must(decodeRecord(encodeRecord(HANDLE, 200, ['a demand']))).parts, ['a demand']);
});

records('without a beginning, of the other role or out of order are refused', () => {
  const { seller, buyer } = dealOf();
  const sale = LoneSale.selling(dealOf(), 2).records;
  const purchase = LonePurchase.buying().records;
  const saleCode = (some: readonly Uint8Array[]) => {
    const restored = saleFromRecords(seller, some);
    return restored.ok ? 'ok' : restored.code;
  };
  const purchaseCode = (some: readonly Uint8Array[]) => {
    const restored = purchaseFromRecords(buyer, some);
    return restored.ok ? 'ok' : restored.code;
  };
  assert.is(saleCode(sale), 'ok');
  assert.is(purchaseCode(purchase), 'ok');
  assert.is(saleCode([]), 'object-malformed');
  assert.is(purchaseCode([]), 'object-malformed');
  assert.is(saleCode(sale.slice(1)), 'object-malformed');
  assert.is(purchaseCode(purchase.slice(1)), 'object-malformed');
  assert.is(saleCode([sale[0]!, purchase[0]!]), 'object-malformed');
  assert.is(purchaseCode([purchase[0]!, sale[0]!]), 'object-malformed');
});

records.run();
