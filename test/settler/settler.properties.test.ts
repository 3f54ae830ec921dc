import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import {
  claimRequest,
  closeRequest,
  crypto,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  type Reply,
  ROOT,
  START_S,
} from './parties.ts';

/** Limits that deposits of 100 units can back some of, in nano. */
const LIMIT = 40_000_000_000;
const TICK = 1_000_000;
const CHANNELS: readonly OpenedChannel[] = [0, 1, 2, 3].map((nonce) =>
  openOf({ nonce, limitNano: LIMIT, expiryS: START_S + 120 * (nonce + 1) }),
);
const channelAt = (i: number): OpenedChannel => CHANNELS[i]!;
const channelIndex = fc.nat(CHANNELS.length - 1);

/** What one request was, so that a model that knows nothing of the settler can judge its answer. */
type Step =
  | { readonly do: 'deposit'; readonly units: number; readonly reference: number }
  | { readonly do: 'open'; readonly channel: number }
  | {
      readonly do: 'claim';
      readonly channel: number;
      readonly seq: number;
      readonly cumulative: number;
      readonly index: number;
    }
  | { readonly do: 'rob'; readonly channel: number; readonly how: Robbery; readonly cumulative: number }
  | {
      readonly do: 'close';
      readonly channel: number;
      readonly by: 'payee' | 'payer' | 'both';
      readonly total: number | 'paid';
    }
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'payout'; readonly sequence: number; readonly as: 'posted' | 'voided' | 'pending' };

const ROBBERIES = ['forged', 'sibling', 'tick-value', 'beyond-limit', 'torn-tick', 'payee-signs'] as const;
type Robbery = (typeof ROBBERIES)[number];

const cumulative = fc.nat(LIMIT / TICK - 64).map((n) => n * TICK);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('deposit' as const),
      units: fc.integer({ min: 1, max: 60 }),
      reference: fc.nat(4),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), channel: channelIndex }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      channel: channelIndex,
      seq: fc.integer({ min: 1, max: 5 }),
      cumulative,
      index: fc.nat(64),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('rob' as const),
      channel: channelIndex,
      how: fc.constantFrom(...ROBBERIES),
      cumulative,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('close' as const),
      channel: channelIndex,
      by: fc.constantFrom('payee' as const, 'payer' as const, 'both' as const),
      total: fc.oneof(cumulative, fc.constant('paid' as const)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('payout' as const),
      sequence: fc.integer({ min: 1, max: 3 }),
      as: fc.constantFrom('posted' as const, 'voided' as const, 'pending' as const),
    }),
  },
);

/** Requests that cannot be paid for, each a robbery if they were. */
const robbery = (channel: OpenedChannel, how: Robbery, cumulativeNano: number): Uint8Array => {
  const sibling = openOf({ nonce: 77, limitNano: LIMIT });
  if (how === 'forged')
    return claimRequest(channel, evidenceFor({ ...channel, payer: OTHER }, 9, cumulativeNano + 1));
  if (how === 'payee-signs')
    return claimRequest(channel, evidenceFor({ ...channel, payer: PAYEE }, 9, cumulativeNano + 1));
  if (how === 'sibling') return claimRequest(channel, evidenceFor(sibling, 9, cumulativeNano + 1));
  if (how === 'beyond-limit')
    return claimRequest(channel, evidenceFor(channel, 9, LIMIT + 1 + cumulativeNano));
  const honest = evidenceFor(channel, 8, cumulativeNano, 1, TICK);
  if (how === 'tick-value') {
    // The honest voucher's signature under a payload that says each tick is worth more.
    const inflated = evidenceFor(channel, 8, cumulativeNano, 1, TICK * 3).voucher.slice();
    inflated.set(honest.voucher.subarray(-64), inflated.length - 64);
    return claimRequest(channel, { voucher: inflated, tick: honest.tick });
  }
  const tick = honest.tick!.slice();
  tick[tick.length - 3]! ^= 0x10;
  return claimRequest(channel, { voucher: honest.voucher, tick });
};

/** What must hold whatever came before: a book of its own, kept from requests and answers alone. */
class Model {
  /** Nanos that the payer paid in, and that have left the house. */
  paidIn = 0n;
  paidOut = 0n;
  readonly references = new Map<number, number>();
  /** The best total that anyone may prove, per channel. */
  readonly signedNano = CHANNELS.map(() => 0);
  readonly acknowledgedNano = CHANNELS.map(() => 0);
  readonly finalNano = CHANNELS.map((): number | undefined => undefined);

  hear(channel: number, reply: Reply): void {
    if (reply.receipt === undefined) return;
    const { paidNano, final } = reply.receipt;
    assert.ok(paidNano <= this.signedNano[channel]!, 'a receipt for more than the payer signed');
    assert.ok(paidNano >= this.acknowledgedNano[channel]!, 'a receipt that goes back');
    assert.ok(this.finalNano[channel] === undefined || (final && paidNano === this.finalNano[channel]));
    this.acknowledgedNano[channel] = paidNano;
    if (final) this.finalNano[channel] = paidNano;
  }

  async check(store: Store): Promise<void> {
    const verified = await verifyStore(store, crypto.sha256);
    assert.ok(verified.ok, verified.ok ? '' : verified.detail);
    const read = await store.read(async (reader) => ({
      channels: await reader.get(
        'channel',
        CHANNELS.map((channel) => [channel.id]),
      ),
      balances: await reader.balancesUnder('', null, 1000),
    }));
    assert.ok(read.ok);
    const { channels, balances } = read.value;
    for (const row of channels) {
      const i = CHANNELS.findIndex((channel) => toHex(channel.id) === toHex(row.id));
      assert.is(row.paidNano, this.acknowledgedNano[i], 'what is booked is what was acknowledged');
      assert.ok(row.paidNano <= LIMIT);
    }
    const heldNano = balances
      .filter((b) => !b.account.startsWith('bank/'))
      .reduce((sum, b) => sum + b.nano, 0n);
    assert.is(heldNano, this.paidIn - this.paidOut, 'what is held is what came in less what went out');
    const earnedNano = balances.find((b) => b.account === earnedAccount(PAYEE.key))?.nano ?? 0n;
    const acknowledged = this.acknowledgedNano.reduce((sum, nano) => sum + BigInt(nano), 0n);
    assert.ok(earnedNano <= acknowledged, 'nobody earns what no receipt says');
    assert.ok((balances.find((b) => b.account === depositAccount(PAYER.key))?.nano ?? 0n) >= 0n);
  }
}

const MINUTE_MS = 60_000;
const BEGINNING: readonly Step[] = [
  { do: 'deposit', units: 130, reference: 0 },
  { do: 'open', channel: 0 },
  { do: 'open', channel: 1 },
];

const perform = async (one: Step, house: House, store: Store, model: Model): Promise<void> => {
  if (one.do === 'deposit') {
    const known = model.references.get(one.reference);
    const accepted = await house.deposit(one.units, `BANK-${one.reference}`).then(
      () => true,
      () => false,
    );
    assert.is(accepted, known === undefined || known === one.units);
    if (known === undefined) model.paidIn += BigInt(one.units) * 1_000_000_000n;
    if (accepted) model.references.set(one.reference, one.units);
  } else if (one.do === 'open') {
    const channel = channelAt(one.channel);
    model.hear(one.channel, await house.ask(openRequest(channel), channel));
  } else if (one.do === 'claim') {
    const channel = channelAt(one.channel);
    const evidence = evidenceFor(channel, one.seq, one.cumulative, one.index, TICK);
    const totalNano = one.cumulative + one.index * TICK;
    model.signedNano[one.channel] = Math.max(model.signedNano[one.channel]!, totalNano);
    const reply = await house.ask(claimRequest(channel, evidence), channel);
    model.hear(one.channel, reply);
    if (reply.receipt === undefined)
      assert.ok(['channel-unknown', 'channel-closed'].includes(reply.code!), reply.code);
    else assert.ok(reply.receipt.paidNano >= totalNano, 'a receipt covers the claim');
  } else if (one.do === 'rob') {
    const channel = channelAt(one.channel);
    model.hear(one.channel, await house.ask(robbery(channel, one.how, one.cumulative), channel, OTHER));
  } else if (one.do === 'close') {
    const channel = channelAt(one.channel);
    const [first, second] = one.by === 'payee' ? [PAYEE] : one.by === 'payer' ? [PAYER] : [PAYER, PAYEE];
    const totalNano = one.total === 'paid' ? model.acknowledgedNano[one.channel]! : one.total;
    model.hear(one.channel, await house.ask(closeRequest(channel, totalNano, first!, second), channel));
  } else if (one.do === 'wait') {
    house.clock.nowMs += one.minutes * MINUTE_MS;
    assert.ok((await house.settler.sweep()).ok);
  } else {
    const order = {
      period: '2026-11-20',
      sequence: one.sequence,
      thresholdNano: 0n,
      executionDate: '2026-11-23',
    };
    const made = await makeRun(store, order, house.clock.nowMs, crypto.sha256);
    assert.ok(made.ok);
    const [payout] = made.value.payouts;
    if (payout === undefined || one.as === 'pending') return;
    const settled = await settlePayout(
      store,
      made.value.run.id,
      payout.id,
      one.as,
      house.clock.nowMs,
      crypto.sha256,
    );
    if (settled.ok && payout.state === 'pending' && one.as === 'posted') model.paidOut += payout.nano;
  }
};

const openHouse = async (store: Store): Promise<House> => {
  const bank = { name: 'Owner', iban: 'FI1410093000123458', bic: null };
  await setOwner(store, ROOT.key, bank);
  await setOwner(store, PAYEE.key, bank);
  return houseOver(store, { graceMs: 5 * MINUTE_MS, claimsPerS: 1e6, opensPerS: 1e6 });
};

const properties = suite('settler, for any script');

properties('books what is proven, holds what it owes, and every balance is its replay', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const store = openMemoryStore();
      const house = await openHouse(store);
      const model = new Model();
      // Enough for three of the four channels, so that most scripts have something to fight over.
      for (const one of [...BEGINNING, ...steps]) {
        await perform(one, house, store, model);
        await model.check(store);
      }
      await house.settler.close();
    }),
    { numRuns: 60 },
  );
});

properties('comes to the same end however requests are grouped, repeated and reordered', async () => {
  const claims = fc.array(
    fc.record({ channel: channelIndex, seq: fc.integer({ min: 1, max: 5 }), cumulative, index: fc.nat(64) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(claims, fc.infiniteStream(fc.nat()), async (wanted, dice) => {
      const requests = wanted.map((one) => {
        const channel = channelAt(one.channel);
        return {
          channel,
          bytes: claimRequest(channel, evidenceFor(channel, one.seq, one.cumulative, one.index, TICK)),
        };
      });
      const ends = [];
      for (const shuffled of [false, true]) {
        const store = openMemoryStore();
        const house = await openHouse(store);
        await house.deposit(200, 'BANK-1');
        await Promise.all(CHANNELS.map((channel) => house.ask(openRequest(channel))));
        const order = shuffled ? shuffle([...requests, ...requests], dice) : requests;
        if (shuffled) await Promise.all(order.map(({ bytes, channel }) => house.ask(bytes, channel)));
        else for (const { bytes, channel } of order) await house.ask(bytes, channel);
        const read = await store.read((reader) => reader.balancesUnder('', null, 100));
        assert.ok(read.ok && (await verifyStore(store, crypto.sha256)).ok);
        ends.push(read.value);
        await house.settler.close();
      }
      assert.equal(ends[0], ends[1]);
    }),
    { numRuns: 40 },
  );
});

const shuffle = <T>(items: T[], dice: fc.Stream<number>): T[] => {
  const rolls = [...dice.take(items.length)];
  return items
    .map((item, i) => ({ item, roll: rolls[i]! }))
    .sort((a, b) => a.roll - b.roll)
    .map(({ item }) => item);
};

properties.run();
