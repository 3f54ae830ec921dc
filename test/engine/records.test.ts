/** A state is the fold of its records, and a snapshot of it folds to the same, at any moment of a hard life. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, Event, Ports } from '../../agent/engine/effects.ts';
import { stepPurchase } from '../../agent/engine/purchase/purchase.ts';
import { purchaseFromRecords, purchaseRecords } from '../../agent/engine/purchase/records.ts';
import type { Purchase } from '../../agent/engine/purchase/state.ts';
import { saleFromRecords, saleRecords } from '../../agent/engine/sale/records.ts';
import { stepSale } from '../../agent/engine/sale/sale.ts';
import type { Sale } from '../../agent/engine/sale/state.ts';
import { chanceOf } from '../world/chance.ts';
import { must } from '../world/deal.ts';
import type { Message, WorldOptions } from '../world/options.ts';
import { World } from '../world/world.ts';

const SEEDS = 12;
const scripts: readonly WorldOptions[] = [
  { seed: 0, readings: 40, ticks: 4, periodMs: 4 },
  { seed: 0, readings: 40, ticks: 16, periodMs: 4, faults: { loss: 0.1, repetition: 0.1, delayMsMax: 5 } },
  {
    seed: 0,
    readings: 40,
    ticks: 8,
    periodMs: 4,
    price: [
      { from: 1, priceNano: 900 },
      { from: 9, priceNano: 500 },
      { from: 21, priceNano: 5_000_000_000 },
    ],
  },
];

/** All draws of both twins are the same, so that their words are. */
const withDice = (ports: Ports): Ports => {
  const chance = chanceOf(99);
  return { signer: ports.signer, crypto: { ...ports.crypto, random: chance.bytes } };
};

/** What two equal states do with the same events. */
const lives = <S>(
  step: (ports: Ports, state: S, event: Event, nowMs: number) => { effects: readonly Effect[] },
  ports: Ports,
  states: readonly S[],
  events: readonly Event[],
  nowMs: number,
): Effect[][] =>
  states.map((state) => {
    const dice = withDice(ports);
    return events.flatMap((event, i) => step(dice, state, event, nowMs + i * 250).effects);
  });

/** The questions and answers of a lease, in the order they came to one side. */
const EVENTS: readonly Event[] = [
  { kind: 'connected' },
  { kind: 'flush' },
  { kind: 'timer' },
  { kind: 'reading', value: { mantissa: 1, exponent: 0 }, atMs: 1_795_132_800_000 },
  { kind: 'flush' },
  { kind: 'stop', reason: 'owner' },
  { kind: 'timer' },
  { kind: 'flush' },
];

const heardBy = (messages: readonly Message[], to: Message['to']): Event[] =>
  messages
    .filter((message) => message.to === to && message.on === 'stream')
    .slice(-12)
    .map(({ bytes }) => ({ kind: 'message', bytes }));

/** The hash input of a chain is scratch: what the last walk left in it means nothing. */
const wipe = (sale: Sale): void => {
  for (const position of [sale.held?.current, sale.held?.previous]) position?.block.fill(0, 37);
};

const saleTwins = (world: World, messages: readonly Message[]): void => {
  const ports = withDice(world.ports.seller);
  const journal = world.disks.seller.records();
  const folded: Sale = must(saleFromRecords(ports, journal));
  const snapshot = saleRecords(folded);
  const again: Sale = must(saleFromRecords(withDice(world.ports.seller), snapshot));
  for (const each of [folded, again]) wipe(each);
  assert.equal({ ...again, nonce: folded.nonce }, folded, 'a snapshot folds to the same state');
  assert.equal(saleRecords(again), snapshot);
  const events = [...EVENTS.slice(0, 3), ...heardBy(messages, 'seller'), ...EVENTS];
  const [one, other] = lives(stepSale, world.ports.seller, [folded, again], events, world.nowMs);
  assert.equal(other, one, 'and behaves the same');
};

const purchaseTwins = (world: World, messages: readonly Message[]): void => {
  const ports = withDice(world.ports.buyer);
  const journal = world.disks.buyer.records();
  const folded: Purchase = must(purchaseFromRecords(ports, journal));
  const snapshot = purchaseRecords(folded);
  const again: Purchase = must(purchaseFromRecords(withDice(world.ports.buyer), snapshot));
  assert.equal({ ...again, nonce: folded.nonce }, folded, 'a snapshot folds to the same state');
  assert.equal(purchaseRecords(again), snapshot);
  const events = [...EVENTS.slice(0, 3), ...heardBy(messages, 'buyer'), ...EVENTS];
  const [one, other] = lives(stepPurchase, world.ports.buyer, [folded, again], events, world.nowMs);
  assert.equal(other, one, 'and behaves the same');
};

/** Money and readings of the living are those of their journal, once what came together is written. */
const livingAreWritten = (world: World): void => {
  const { sale, purchase } = world;
  if (sale !== null && !world.down.seller) {
    world.tell('seller', { kind: 'flush' });
    const folded = must(saleFromRecords(world.ports.seller, world.disks.seller.records()));
    const snapshot = must(saleFromRecords(world.ports.seller, saleRecords(sale)));
    for (const each of [folded, snapshot]) {
      assert.is(each.verifiedNano, sale.verifiedNano);
      assert.is(each.claimedNano, sale.claimedNano);
      assert.is(each.backlog.base + each.backlog.kept.length - each.backlog.first, newest(sale));
      assert.equal(each.agreedBytes, sale.agreedBytes);
      assert.is(each.phase === 'ended', sale.phase === 'ended');
    }
  }
  if (purchase !== null && !world.down.buyer) {
    world.tell('buyer', { kind: 'flush' });
    const folded = must(purchaseFromRecords(world.ports.buyer, world.disks.buyer.records()));
    const snapshot = must(purchaseFromRecords(world.ports.buyer, purchaseRecords(purchase)));
    for (const each of [folded, snapshot]) {
      assert.is(each.releasedNano, purchase.releasedNano);
      assert.is(each.dueNano, purchase.dueNano);
      assert.equal(each.head, purchase.head);
      assert.ok(each.voucherSeq >= purchase.voucherSeq, 'no seq is forgotten that was used');
      assert.equal(each.statementBytes, purchase.statementBytes);
    }
  }
};

const newest = (sale: Sale): number => sale.backlog.base + sale.backlog.kept.length - sale.backlog.first;

const folds = suite('snapshots');

for (const [i, script] of scripts.entries()) {
  folds(`are equal to the journal at any moment, and what comes of them too: script ${i + 1}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World({ ...script, seed });
      const messages: Message[] = [];
      world.observe = (message) => void messages.push(message);
      await world.begin();
      for (let ms = 0; ms < 320; ms++) {
        await world.tick();
        if (world.chance.holds(0.01)) {
          const party = world.chance.holds(0.5) ? 'seller' : 'buyer';
          world.crash(party, world.chance.holds(0.5));
          world.restart(party);
        }
        if (!world.chance.holds(0.06)) continue;
        livingAreWritten(world);
        if (world.disks.seller.length > 0) saleTwins(world, messages);
        if (world.disks.buyer.length > 0) purchaseTwins(world, messages);
      }
    }
  });
}

folds.run();
