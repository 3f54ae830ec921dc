/** Robberies by numbers: a tick worth more, a chain too long, a total past what was reserved. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { parseObject } from '../../schemas/cose.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { encodeTick } from '../../schemas/tick.ts';
import { parseVoucher } from '../../schemas/voucher.ts';
import { claimRequest, evidenceFor, houseOver, openOf, openRequest, UNIT } from '../settler/parties.ts';
import { dealOf } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';

/** The same signature under a payload with another field. */
const altered = (voucher: Uint8Array, field: number, value: number): Uint8Array => {
  const envelope = parseObject(voucher);
  if (!envelope.ok) throw new Error(envelope.detail);
  const payload = decodeCbor(envelope.value.payload);
  if (!payload.ok) throw new Error(payload.detail);
  const fields = [...(payload.value as readonly number[])];
  fields[field] = value;
  const item = decodeCbor(voucher);
  if (!item.ok) throw new Error(item.detail);
  const parts = [...(item.value as readonly Uint8Array[])];
  parts[2] = encodeCbor(fields);
  return encodeCbor(parts);
};
const CUMULATIVE = 1;
const TICK_NANO = 5;

const inflation = suite('inflated amounts');

inflation('a voucher whose total was raised after signing is refused by the seller', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.clear();
  lone.hear(altered(lone.payer.voucher({ seq: 2 }), CUMULATIVE, 3 * P));
  assert.equal(lone.refusals, ['signature-invalid']);
  assert.is(lone.sale.verifiedNano, 0);
});

inflation('a tick value that was raised after signing is refused by seller and settler', async () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.clear();
  lone.hear(altered(lone.payer.voucher({ seq: 2 }), TICK_NANO, 10 * P));
  assert.equal(lone.refusals, ['signature-invalid']);
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  const { voucher, tick } = evidenceFor(channel, 1, 0, 4);
  const claim = claimRequest(channel, { voucher: altered(voucher, TICK_NANO, 1_000_000), tick });
  assert.is((await house.ask(claim, channel)).code, 'signature-invalid');
});

inflation('a seller cannot raise the price by what it writes: the buyer pays by the terms', () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 3);
  assert.is(lone.wire.releasedNano, 3 * P);
  const voucher = parseVoucher(lone.messages('voucher')[0]!);
  assert.ok(voucher.ok && voucher.value.tickNano === P);
});

inflation('a tick beyond the chain is refused before it is hashed', () => {
  const deal = dealOf({ ticks: 8 });
  let hashes = 0;
  const sha256 = (bytes: Uint8Array): Uint8Array => {
    hashes++;
    return deal.crypto.sha256(bytes);
  };
  const counting = { ...deal, seller: { ...deal.seller, crypto: { ...deal.crypto, sha256 } } };
  const lone = LoneSale.selling(counting, 4);
  // The payer makes a longer chain than the terms allow, and its ticks do hash to the anchor.
  lone.hear(lone.payer.voucher({ seq: 2, ticks: 1024 }));
  lone.clear();
  hashes = 0;
  lone.hear(lone.payer.tick(2, 9));
  lone.hear(lone.payer.tick(2, 1024));
  assert.is(hashes, 0);
  assert.equal(lone.refusals, ['tick-beyond-chain', 'tick-beyond-chain']);
  lone.hear(lone.payer.tick(2, 8));
  assert.is(lone.sale.verifiedNano, 8 * P);
});

inflation('a chain that could pass the limit is refused whole, the last nano below it is taken', () => {
  const deal = dealOf({ ticks: 4, limitNano: 10 * P });
  const lone = LoneSale.selling(deal, 4);
  lone.clear();
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 6 * P + 1 }));
  assert.equal(lone.refusals, ['voucher-over-limit']);
  lone.hear(lone.payer.voucher({ seq: 3, cumulativeNano: 6 * P }));
  lone.hear(lone.payer.tick(3, 4));
  assert.is(lone.sale.verifiedNano, 10 * P);
});

inflation('a tick beyond the limit is refused by the settler before it is hashed', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const channel = openOf({ limitNano: UNIT });
  await house.ask(openRequest(channel));
  const evidence = evidenceFor(channel, 1, UNIT - 3000, 4);
  assert.is((await house.ask(claimRequest(channel, evidence), channel)).code, 'voucher-over-limit');
  const within = evidenceFor(channel, 1, UNIT - 3000, 3);
  assert.is((await house.ask(claimRequest(channel, within), channel)).receipt?.paidNano, UNIT);
});

inflation('a product past 2^53 is no total: tick value times index is checked by division', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.clear();
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: Number.MAX_SAFE_INTEGER, tickNano: 4_294_967_295 }));
  assert.equal(lone.refusals, ['voucher-over-limit']);
  assert.is(lone.sale.verifiedNano, 0);
});

inflation('a tick of another chain of the same payer does not hash', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: 0 }));
  lone.payer.voucher({ seq: 3 });
  lone.clear();
  const foreign = lone.payer.tick(3, 5);
  const x = foreign.slice(-16);
  lone.hear(encodeTick(2, 5, x));
  lone.hear(foreign);
  assert.equal(lone.refusals, ['tick-does-not-chain', 'tick-unknown-voucher']);
  assert.is(lone.sale.verifiedNano, 0);
});

inflation('a tick of the right link at a higher index does not hash', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  const x = lone.payer.tick(1, 2).slice(-16);
  lone.clear();
  lone.hear(encodeTick(1, 40, x));
  assert.equal(lone.refusals, ['tick-does-not-chain']);
  assert.is(lone.sale.verifiedNano, 0);
});

inflation('a chain made for another channel opens nothing here, though the voucher is good', () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.hear(lone.payer.voucher({ seq: 2, linksFor: dealOf({ seed: 2 }).channel.id }));
  assert.is(lone.sale.held!.current!.voucher.seq, 2);
  lone.clear();
  lone.hear(lone.payer.tick(2, 1));
  assert.equal(lone.refusals, ['tick-does-not-chain']);
  assert.is(lone.sale.verifiedNano, 0);
});

inflation('a buyer never signs past the limit of the grant, whatever is delivered', () => {
  const lone = LonePurchase.buying({ ticks: 4 }, { limitNano: 6 * P });
  for (let seq = 1; seq <= 12; seq++) {
    lone.reading(seq);
    lone.sync();
  }
  assert.is(lone.wire.releasedNano, 6 * P);
  assert.is(lone.purchase.phase, 'closing');
  assert.is(lone.purchase.reason, 'budget');
});

inflation('a seller that delivers more than the lease sells is paid for the lease', () => {
  const lone = LonePurchase.buying({ readingsMax: 5 });
  // All at once, so that nothing is paid or closed in between.
  for (let seq = 1; seq <= 9; seq++) {
    const bytes = encodeReading({ seq, value: { mantissa: seq, exponent: 0 }, offsetMs: 0 });
    lone.tell({ kind: 'message', bytes });
  }
  lone.tell({ kind: 'flush' });
  lone.wait(5000);
  assert.equal(lone.bought, [1, 2, 3, 4, 5]);
  assert.is(lone.wire.releasedNano, 5 * P);
});

inflation.run();
