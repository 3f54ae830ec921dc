/** Robberies by a lying or restarted broker: it sees everything, and says what it likes to whom it likes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { decodeReading, encodeReading } from '../../schemas/senml.ts';
import { agreeStatement } from '../../schemas/statement.ts';
import { encodeControl } from '../../schemas/stream.ts';
import {
  claimRequest,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYER,
  UNIT,
} from '../settler/parties.ts';
import { dealOf } from '../world/deal.ts';
import { differenceIn, kindOf } from '../world/ending.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { type Message, PRICE_NANO as P, type WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SCRIPT: WorldOptions = { seed: 21, readings: 24, periodMs: 7, ticks: 4 };
const NOTHING = new Uint8Array(32);

const broker = suite('a lying broker');

broker('one that replays yesterday’s session into today’s moves no money by it', async () => {
  const world = new World(SCRIPT);
  const yesterday: Message[] = [];
  world.observe = (message) => void yesterday.push(message);
  await world.begin();
  assert.ok(await world.run(20_000));
  assert.is(differenceIn(world), null);
  world.observe = () => {};
  world.buyAgain();
  // Readings are another matter: see below.
  const replayed = yesterday.filter((message) => kindOf(message) !== 'reading');
  for (const message of replayed) {
    world.launch(message);
    await world.tick();
  }
  for (const message of replayed) world.launch(message);
  await world.run(60_000);
  assert.is(differenceIn(world), null);
  assert.is(world.statement!.delivered, 24);
});

broker('one that makes up readings is found out by the head of the next voucher', async () => {
  // Until readings are encrypted for the lease, only the head tells a forged one: the buyer has paid for it by
  // then, to the seller and not to the forger, and no more than it held.
  let forged = 0;
  const world: World = new World({
    ...SCRIPT,
    tamper: (message) => {
      const made = decodeReading(message.bytes);
      if (message.on !== 'stream' || !made.ok || made.value.seq !== 6) return [message];
      forged++;
      const bytes = encodeReading({ ...made.value, value: { mantissa: 1, exponent: 0 } });
      return [{ ...message, bytes }];
    },
  });
  await world.begin();
  await world.run(60_000);
  assert.ok(forged > 0);
  assert.ok(world.notices.includes('seller voucher-head-differs'));
  assert.is(world.statement, null, 'nobody signs that these were the readings');
  assert.is(world.sale!.claimedNano, world.wire.releasedNano, 'and what was paid is claimed');
  assert.ok(world.wire.delivered < 24);
});

broker('one that swaps the messages of two leases of the same two parties', async () => {
  const [one, two] = [dealOf({ readingsMax: 100 }), dealOf({ readingsMax: 200 })];
  const first = LoneSale.selling(one, 4);
  const second = LoneSale.selling(two, 4);
  first.hear(first.payer.tick(1, 3));
  first.hear(first.payer.voucher({ seq: 2, cumulativeNano: 3 * P }));
  second.clear();
  second.hear(first.payer.voucher({ seq: 2, cumulativeNano: 3 * P }));
  second.hear(first.payer.tick(1, 3));
  second.control({ kind: 'grant', parts: [one.openBytes, one.grantBytes] });
  second.control({ kind: 'statement', parts: [first.statement(3)] });
  assert.is(second.sale.verifiedNano, 0);
  assert.is(second.sale.agreedBytes, null);
  assert.equal(second.refusals, [
    'signature-invalid',
    'tick-does-not-chain',
    'channel-mismatch',
    'signature-invalid',
  ]);
});

broker('one that gives everybody their own messages back', async () => {
  const world: World = new World({
    ...SCRIPT,
    tamper: (message) => [message, { ...message, to: message.from, from: message.to }],
  });
  await world.begin();
  await world.run(20_000);
  assert.is(differenceIn(world), null);
});

broker('one that delivers everything to everybody', async () => {
  const world: World = new World({
    ...SCRIPT,
    tamper: (message) => {
      const everybody = (['seller', 'buyer', 'settler'] as const).map((to) => ({ ...message, to }));
      return everybody.flatMap((each) => [each, { ...each, on: each.on === 'in' ? 'stream' : 'in' }]);
    },
  });
  await world.begin();
  // A refusal is signed by nobody: a purchase may end early by one. Promises are checked every millisecond.
  for (let lease = 0; lease < 5; lease++) {
    await world.run(20_000);
    assert.ok(world.ended.buyer !== '');
    world.buyAgain();
  }
});

broker('one that restarts and forgets what was under way', async () => {
  const world = new World(SCRIPT);
  await world.begin();
  for (let i = 0; i < 30; i++) {
    for (let ms = 0; ms < 6; ms++) await world.tick();
    world.passes = () => false;
    await world.tick();
    world.passes = () => true;
    for (const party of ['seller', 'buyer'] as const) world.tell(party, { kind: 'connected' });
  }
  await world.run(60_000);
  assert.is(differenceIn(world), null);
});

broker('one that keeps messages of one direction back for a minute', async () => {
  for (const from of ['seller', 'buyer', 'settler'] as const) {
    const world = new World(SCRIPT);
    await world.begin();
    await world.runUntil(() => world.bought.length >= 8);
    world.passes = (message) => message.from !== from;
    for (let ms = 0; ms < 60_000; ms++) await world.tick();
    world.passes = () => true;
    await world.run(200_000);
    assert.is(differenceIn(world), null, from);
  }
});

broker('one that makes up questions and answers of the other side moves no money', () => {
  const sale = LoneSale.selling(dealOf(), 4);
  sale.hear(sale.payer.tick(1, 2));
  const far = [new Uint8Array(8), null, null, 4, NOTHING] as const;
  sale.control({ kind: 'resync', parts: far });
  sale.control({ kind: 'resynced', parts: far });
  sale.control({ kind: 'nak', parts: [1] });
  sale.control({ kind: 'end', parts: ['buyer'] });
  assert.is(sale.sale.verifiedNano, 2 * P);
  assert.is(sale.sale.phase, 'selling');

  const purchase = LonePurchase.buying();
  purchase.readings(1, 2);
  purchase.control({ kind: 'resync', parts: [new Uint8Array(8), null, null, 900, NOTHING] });
  purchase.resynced(null, null, 900);
  purchase.control({ kind: 'refusal', parts: [60, 'no', null, null] });
  purchase.control({ kind: 'end', parts: ['seller'] });
  purchase.sync();
  assert.is(purchase.wire.releasedNano, 2 * P);
});

broker('one that answers for the seller after a crash of the buyer makes it pay nothing twice', () => {
  const lone = LonePurchase.buying({ ticks: 4 });
  lone.readings(1, 9);
  lone.sync();
  lone.restart();
  lone.resynced(null, null, 0);
  lone.sync();
  for (let seq = 10; seq <= 20; seq++) {
    lone.reading(seq);
    lone.sync();
  }
  assert.is(lone.wire.releasedNano, 20 * P);
});

broker('one that answers claims with an old receipt hides nothing for good', async () => {
  let kept: Uint8Array | null = null;
  let lied = 0;
  const world: World = new World({
    ...SCRIPT,
    readings: 200,
    tamper: (message) => {
      if (message.from !== 'settler' || kindOf(message) !== 'receipt') return [message];
      kept ??= message.bytes;
      if (++lied > 12) return [message];
      // The old answer under the id of the new one: [6, id 8 bytes, receipt].
      const forged = kept.slice();
      forged.set(message.bytes.subarray(2, 11), 2);
      return [{ ...message, bytes: forged }];
    },
  });
  await world.begin();
  await world.run(120_000);
  assert.ok(lied > 12);
  assert.is(differenceIn(world), null);
});

broker('one that answers an open with another grant, or a refusal to wait, is asked again', () => {
  const lone = new LonePurchase();
  lone.lease();
  const [open] = lone.asked('open');
  lone.reply({ kind: 'refusal', id: open!.id, parts: [110, 'busy'] });
  assert.is(lone.ended, null);
  lone.reply({ kind: 'grant', id: open!.id, parts: [dealOf({ seed: 2 }).grantBytes] });
  assert.is(lone.purchase.phase, 'opening');
  lone.wait(2000);
  lone.grant();
  assert.is(lone.purchase.phase, 'buying');
});

broker('one that sends a good request under another’s name gets its signer’s due, and no more', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  assert.is((await house.ask(openRequest(channel), channel, OTHER)).kind, 'grant');
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel, PAYER);
  assert.is(reply.receipt?.paidNano, UNIT, 'a claim pays the payee, whoever brings it');
});

broker('one that shows the agreed statement to a buyer that forgot stating ends the purchase rightly', () => {
  const lone = LonePurchase.buying({ readingsMax: 3 });
  lone.readings(1, 2);
  const copy = lone.records.length;
  lone.reading(3);
  lone.sync();
  const [stated] = lone.controls('statement')[0]!.parts;
  const { lease, seller } = lone.deal;
  lone.restart(copy);
  assert.is(lone.purchase.phase, 'buying');
  lone.hear(encodeControl({ kind: 'agreed', parts: [agreeStatement(lease.id, stated, seller.signer)] }));
  assert.is(lone.ended, 'readings');
  assert.is(lone.purchase.releasedNano, 3 * P);
});

broker.run();
