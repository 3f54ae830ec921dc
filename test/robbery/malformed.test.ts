/** Robberies by bytes: whatever comes in at any door, nothing throws, nothing moves, and trade goes on. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { purchaseFromRecords, purchaseRecords } from '../../agent/engine/purchase/records.ts';
import { saleFromRecords, saleRecords } from '../../agent/engine/sale/records.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { decodeRequest } from '../../schemas/request.ts';
import { crypto, houseOver, openOf, openRequest, queryRequest } from '../settler/parties.ts';
import { chanceOf } from '../world/chance.ts';
import { dealOf, must } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import type { Message } from '../world/options.ts';
import { World } from '../world/world.ts';

/** Real messages of a whole lease. */
const session = async (): Promise<readonly Message[]> => {
  const seen: Message[] = [];
  const world = new World({ seed: 31, readings: 12, ticks: 4, periodMs: 7 });
  world.observe = (message) => void seen.push(message);
  await world.begin();
  assert.ok(await world.run(20_000));
  return seen;
};

const deep = (depth: number): Uint8Array => new Uint8Array(depth).fill(0x81);
const HUGE = [
  new Uint8Array(0),
  new Uint8Array([0x00]),
  new Uint8Array([0xff]),
  new Uint8Array([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  new Uint8Array([0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  new Uint8Array([0x9f, 0x01]),
  new Uint8Array([0xf9, 0x7e, 0x00]),
  new Uint8Array([0x83, 0x01, 0x01, 0x50]),
  deep(64),
  deep(100_000),
  new Uint8Array(70_000),
  new Uint8Array(70_000).fill(0xa0),
];

/** Every truncation, and every single bit of the first bytes turned, of each message; and plain noise. */
const hostileBytes = (messages: readonly Message[]): Uint8Array[] => {
  const chance = chanceOf(77);
  const all: Uint8Array[] = [...HUGE];
  const kinds = new Map<number, Uint8Array>();
  for (const { bytes } of messages) kinds.set(bytes[0]! * 256 + bytes[1]!, bytes);
  for (const bytes of kinds.values()) {
    for (let length = 0; length < bytes.length; length += 1 + (length >> 4)) all.push(bytes.slice(0, length));
    for (let bit = 0; bit < Math.min(bytes.length, 24) * 8; bit++) {
      const turned = bytes.slice();
      turned[bit >> 3]! ^= 1 << (bit & 7);
      all.push(turned);
    }
    all.push(new Uint8Array([...bytes, 0]));
  }
  for (let i = 0; i < 500; i++) all.push(chance.bytes(chance.below(200)));
  return all;
};

const hex = (records: readonly Uint8Array[]): string[] =>
  records.map((record) => Buffer.from(record).toString('hex'));

const doors = suite('malformed bytes');

doors('on the seller’s topic change nothing, and the next payment counts', async () => {
  const lone = LoneSale.selling(dealOf(), 4);
  lone.hear(lone.payer.tick(1, 2));
  const before = hex(saleRecords(lone.sale));
  for (const bytes of hostileBytes(await session())) lone.hear(bytes);
  assert.equal(hex(saleRecords(lone.sale)), before);
  lone.hear(lone.payer.tick(1, 3));
  assert.is(lone.sale.verifiedNano, 6_000_000);
});

doors('on the buyer’s topic change nothing but what is a reading, and the next one is paid', async () => {
  const lone = LonePurchase.buying();
  lone.readings(1, 40);
  lone.sync();
  const before = hex(purchaseRecords(lone.purchase));
  for (const bytes of hostileBytes(await session())) lone.hear(bytes);
  assert.equal(hex(purchaseRecords(lone.purchase)), before);
  lone.reading(41);
  assert.is(lone.wire.releasedNano, 82_000_000);
});

doors('as requests and answers are refused by a code, or not heard', async () => {
  const lone = new LonePurchase();
  for (const bytes of hostileBytes(await session())) {
    const request = decodeRequest(bytes);
    if (request.ok) lone.reply(request.value);
  }
  assert.is(lone.purchase.phase, 'offering');
});

doors('at the settler book nothing, and every answer is one', async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  const rows = must(await verifyStore(store, crypto.sha256)).rows;
  for (const bytes of hostileBytes(await session())) {
    const answer = await house.settler.handle('stranger', bytes);
    if (answer !== undefined) must(decodeRequest(answer));
  }
  assert.is(must(await verifyStore(store, crypto.sha256)).rows, rows);
  assert.is((await house.ask(queryRequest(channel), channel)).receipt?.paidNano, 0);
  assert.equal(house.logged, []);
});

doors('in a journal are refused by a code, never thrown', async () => {
  const { seller, buyer } = dealOf();
  const sale = LoneSale.selling(dealOf(), 4);
  const purchase = LonePurchase.buying();
  const chance = chanceOf(5);
  for (const records of [sale.records, purchase.records]) {
    for (let i = 0; i < 400; i++) {
      const broken = records.map((record) => record.slice());
      const victim = broken[chance.below(broken.length)]!;
      victim[chance.below(victim.length)]! ^= 1 + chance.below(255);
      const restored =
        records === sale.records ? saleFromRecords(seller, broken) : purchaseFromRecords(buyer, broken);
      assert.type(restored.ok, 'boolean');
    }
  }
});

doors.run();
