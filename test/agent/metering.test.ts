/** A board that delivers on credit, sold by an agent to a real buyer. The board is the model of meter.md. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Authorise } from '../../agent/meters.ts';
import type { Device } from '../../firmware-bridge/device.ts';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { toHex } from '../../schemas/bytes.ts';
import { installationMac } from '../../schemas/meter.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { MeteredBoard } from '../firmware-bridge/metered-board.ts';
import { filled } from '../vectors/parties.ts';
import { until } from '../wait.ts';
import { assertBooks, assertRising, hasSettled, isDone } from './books.ts';
import { crypto, demand, Market, offer, type Party, type PartyWish } from './market.ts';

const SELLER = 1;
const BUYER = 2;
const PATH = '/dev/ttyTest0';
const KEY = filled(0x4b);
const WINDOW = 8;
const TIMING = { hello: 20, ack: 50, tick: 50, silence: 60_000 };

/** A market with a metered board on a line in memory. */
class Stall {
  readonly market: Market;
  readonly board = new MeteredBoard(KEY);
  readonly binding = new PeerBinding();
  readonly keyFile: string;
  device: Device | null = null;
  /** The value of the next measurement: rises, so that each shows when it was made. */
  #next = 0;

  constructor(market: Market) {
    this.market = market;
    this.keyFile = join(market.folder, 'meter-key');
    writeFileSync(this.keyFile, `${toHex(KEY)}\n`, { mode: 0o600 });
    this.binding.plug(PATH, this.board);
  }

  seller(wish: Partial<PartyWish> = {}): Promise<Party> {
    return this.market.start({
      seed: SELLER,
      drivers: { board: () => this.open() },
      meterKeys: { board: this.keyFile },
      sell: [offer({ window: WINDOW, ticks: 64 })],
      ...wish,
    });
  }

  async open(): Promise<Result<Device>> {
    const { binding } = this;
    const opened = await openFrames({ path: PATH, binding, timing: TIMING, backoff: { first: 1, max: 10 } });
    if (opened.ok) this.device = opened.value;
    return opened;
  }

  readonly measure = (lost = false): boolean => this.board.measure(this.#next++, lost);
}

const withStall = (body: (stall: Stall, market: Market) => Promise<void>) => async (): Promise<void> => {
  const market = await new Market().open();
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    await body(new Stall(market), market);
  } finally {
    await market.close();
  }
};

const told = (party: Party, code: string): string[] =>
  party.notices.filter((notice) => notice.code === code).map((notice) => notice.detail);

const test = suite('a metered sale');

test(
  'pays the chip tick by tick, over chains and vouchers without one, and three books agree',
  withStall(async (stall, market) => {
    const seller = await stall.seller();
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 150 })] });
    let unpaidMost = 0;
    await until(
      () => isDone(buyer) && hasSettled(seller, 1),
      () => {
        stall.measure();
        const { credit, delivered, index } = stall.board;
        if (credit !== null) unpaidMost = Math.max(unpaidMost, delivered - credit.base - index);
      },
    );
    assertRising(buyer, 150);
    await assertBooks(market, seller, buyer);
    assert.ok(unpaidMost <= WINDOW, `${unpaidMost} readings on credit`);
    assert.ok(stall.board.installs < 15, `${stall.board.installs} installations`);
    assert.is(stall.board.faults, 0);
    assert.equal(told(seller, 'device-failed'), []);
  }),
);

test(
  'gives a gateway that pays nothing on the rest of one window',
  withStall(async (stall, market) => {
    await stall.seller({
      drivers: {
        board: async () => {
          const opened = await stall.open();
          if (opened.ok) Object.assign(opened.value.meter!, { pay: () => {} }); // what the buyer pays, it keeps
          return opened;
        },
      },
    });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    await until(() => stall.board.credit !== null);
    const { installs } = stall.board;
    for (let i = 0; i < 10 * WINDOW; i++) stall.measure();
    assert.is(stall.board.delivered, WINDOW);
    await until(() => buyer.bought.length > 0);
    assert.not.ok(stall.measure());
    assert.is(stall.board.installs, installs);
  }),
);

test(
  'forgives what the line loses, so that the window does not fill with it',
  withStall(async (stall, market) => {
    const seller = await stall.seller();
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 60 })] });
    let measured = 0;
    let lost = 0;
    await until(
      () => isDone(buyer) && hasSettled(seller, 1),
      () => {
        const isLost = measured > 20 && lost < WINDOW - 2;
        if (stall.measure(isLost)) {
          measured++;
          if (isLost) lost++;
        }
      },
    );
    assert.is(lost, WINDOW - 2);
    assert.is(seller.status().ended[0]?.delivered, 60);
    assertRising(buyer, 60);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'goes on after the chip was reset, which gives away less than its stride and window',
  withStall(async (stall, market) => {
    const seller = await stall.seller();
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 240 })] });
    const { board } = stall;
    await until(() => board.index >= 20, stall.measure);
    const paid = board.credit!.base + board.index;
    board.reset();
    assert.ok(board.delivered <= paid && paid - board.delivered < 16);
    board.say(board.identity(0));
    await until(() => isDone(buyer) && hasSettled(seller, 1), stall.measure);
    assertRising(buyer, 240);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'loses no paid reading and sells none twice when the plug is pulled, and the window is whole again',
  withStall(async (stall, market) => {
    const seller = await stall.seller();
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 60 })] });
    await until(() => buyer.bought.length >= 20, stall.measure);
    stall.binding.unplug(PATH);
    await until(() => seller.status().devices.every((device) => !device.ready));
    while (stall.measure()); // it measures into nothing until its window is full
    assert.is(stall.board.room, 0);
    stall.binding.plug(PATH, stall.board);
    await until(() => isDone(buyer) && hasSettled(seller, 1), stall.measure);
    assertRising(buyer, 60);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'goes on with its credit after the agent was away',
  withStall(async (stall, market) => {
    const first = await stall.seller();
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 60 })] });
    await until(() => buyer.bought.length >= 20, stall.measure);
    await market.stop(first);
    while (stall.measure());
    const seller = await stall.seller();
    await until(() => isDone(buyer) && hasSettled(seller, 1), stall.measure);
    assertRising(buyer, 60);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'sells one lease after the other, each from an installation of its own',
  withStall(async (stall, market) => {
    const seller = await stall.seller();
    const numbers = new Set<number>();
    const measure = (): void => {
      stall.measure();
      if (stall.board.credit !== null) numbers.add(stall.board.credit.number);
    };
    const [one, two] = await Promise.all(
      [BUYER, BUYER + 1].map(async (seed) => {
        if (seed !== BUYER) await market.deposit(seed, 10_000_000_000n);
        return market.start({ seed, buy: [demand({ readings: 20 })] });
      }),
    );
    await until(() => isDone(one!) && isDone(two!) && hasSettled(seller, 2), measure);
    for (const buyer of [one!, two!]) assertRising(buyer, 20);
    const overlap = one!.bought.filter(({ text }) => two!.bought.some((other) => other.text === text));
    assert.equal(overlap, [], 'a metered board has one sale at a time');
    assert.ok([...numbers].every((number, i, all) => i === 0 || number > all[i - 1]!));
  }),
);

test(
  'measures nothing but what is sold: all sensors of the board use its credit up',
  withStall(async (stall, market) => {
    const other = { ...stall.board.capabilities[0]!, kind: 'another' };
    stall.board.capabilities.push(
      { ...other, channel: 1, name: 'indoor' },
      { ...other, channel: 2, name: 'soil' },
    );
    const offers = [offer({ window: WINDOW }), offer({ name: 'indoor', sensor: 'indoor' })];
    const seller = await stall.seller({ sell: offers });
    const periods = (channel: number): number[] =>
      stall.board.heard.flatMap((one) =>
        one.type === 'period' && one.channel === channel ? [one.periodMs] : [],
      );
    await until(() => periods(2).length > 0);
    assert.equal([periods(1), periods(2)], [[], [0]], 'what is on offer is measured until something is sold');
    const wish = demand({ readings: 20 });
    const buyer = await market.start({ seed: BUYER, buy: [wish] });
    await until(() => isDone(buyer) && hasSettled(seller, 1), stall.measure);
    await until(() => periods(1).length === 2);
    assert.equal(periods(1), [0, other.periodMs], 'and again when the sale is over');
  }),
);

test(
  'does not offer a chip whose key it does not have, and says what to do',
  withStall(async (stall, market) => {
    const seller = await stall.seller({ meterKeys: {} });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    await until(() => told(seller, 'not-authorised').length > 0);
    assert.match(told(seller, 'not-authorised')[0]!, /^board: its meter has a key: .*meterKey/);
    await until(() => buyer.status().timeProven);
    assert.is(buyer.status().demands[0]?.state, 'searching');
  }),
);

test(
  'says so when the key is that of another chip, and does not wear this one out',
  withStall(async (stall, market) => {
    writeFileSync(stall.keyFile, `${toHex(filled(0x4c))}\n`, { mode: 0o600 });
    const seller = await stall.seller();
    await market.start({ seed: BUYER, buy: [demand()] });
    await until(() => told(seller, 'signature-invalid').length > 0);
    assert.match(told(seller, 'signature-invalid')[0]!, /^board: .*another meter key/);
    const asked = stall.board.heardOf('install').length;
    await until(() => seller.status().uptimeMs > 1500);
    assert.is(stall.board.heardOf('install').length, asked);
    assert.is(stall.board.installs, 0);
  }),
);

test(
  'asks an owner who is elsewhere for what it installs',
  withStall(async (stall, market) => {
    const asked: number[] = [];
    const owner: Authorise = async (_, installation) => {
      asked.push(installation.number);
      return ok(installationMac(crypto.sha256, KEY, installation));
    };
    const seller = await stall.seller({ meterKeys: {}, authorise: owner });
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 20 })] });
    await until(() => isDone(buyer) && hasSettled(seller, 1), stall.measure);
    assert.ok(asked.length > 0 && asked.includes(stall.board.credit!.number));
    await assertBooks(market, seller, buyer);
  }),
);

test.run();
