/** A board that is taken away in the middle of a lease, and another one at its port. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import type { Capability } from '../../schemas/serial.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import { until } from '../wait.ts';
import { assertBooks, hasSettled, isDone } from './books.ts';
import { demand, Market, offer, type Party, THERMOMETER } from './market.ts';

const PATH = '/dev/ttyTest0';
const TIMING = { hello: 20, ack: 50, silence: 60_000 };

/** A thermometer that counts, from a value of its own. */
class Thermometer extends ScriptedBoard {
  #seq = 0;
  readonly #from: number;

  constructor(serial: number, from: number, wish: Partial<Capability> = {}) {
    super();
    this.#from = from;
    this.serial = new Uint8Array(8).fill(serial);
    this.capabilities = [{ ...THERMOMETER, ...wish }];
  }

  readonly measure = (): void => this.reading(this.#seq, this.#from + this.#seq++);
}

/** What was bought, in hundredths. */
const bought = (buyer: Party): number[] => buyer.bought.map((one) => Math.round(Number(one.text) * 100));
const told = (seller: Party, code: string): string[] =>
  seller.notices.filter((notice) => notice.code === code).map((notice) => notice.detail);

const test = suite('a board that is replaced');

const withLease =
  (
    serial: string | undefined,
    body: (binding: PeerBinding, parties: [Party, Party, Market]) => Promise<void>,
  ) =>
  async (): Promise<void> => {
    const market = await new Market().open();
    try {
      await market.deposit(2, 10_000_000_000n);
      const binding = new PeerBinding();
      const first = new Thermometer(1, 1000);
      binding.plug(PATH, first);
      const backoff = { first: 1, max: 10 };
      const open = () => openFrames({ path: PATH, binding, timing: TIMING, backoff, serial });
      const seller = await market.start({ seed: 1, drivers: { board: open }, sell: [offer()] });
      const buyer = await market.start({ seed: 2, buy: [demand()] });
      await until(() => buyer.bought.length >= 10, first.measure);
      binding.unplug(PATH);
      await until(() => seller.status().devices.every((device) => !device.ready));
      await body(binding, [seller, buyer, market]);
    } finally {
      await market.close();
    }
  };

test(
  'is told with both serial numbers',
  withLease(undefined, async (binding, [seller, buyer, market]) => {
    const second = new Thermometer(2, 5000);
    binding.plug(PATH, second);
    await until(() => isDone(buyer) && hasSettled(seller, 1), second.measure);
    assert.match(
      told(seller, 'device-failed').at(-1)!,
      /had scripted 0101010101010101, and has scripted 0202020202020202/,
    );
    assert.ok(bought(buyer).at(-1)! >= 5000);
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'delivers nothing where it is not the one that the configuration pins',
  withLease('0101010101010101', async (binding, [seller, buyer, market]) => {
    const second = new Thermometer(2, 5000);
    binding.plug(PATH, second);
    await until(() => second.opened >= 3, second.measure);
    assert.ok(seller.status().devices.every((device) => !device.ready));
    const first = new Thermometer(1, 2000);
    binding.unplug(PATH);
    binding.plug(PATH, first);
    await until(() => isDone(buyer) && hasSettled(seller, 1), first.measure);
    assert.ok(bought(buyer).every((value) => value < 5000));
    await assertBooks(market, seller, buyer);
  }),
);

test(
  'sells nothing of another unit under the lease of the first, and says why',
  withLease(undefined, async (binding, [seller, buyer, market]) => {
    const second = new Thermometer(2, 5000, { unit: 'K' });
    binding.plug(PATH, second);
    await until(() => told(seller, 'terms-unacceptable').length > 0);
    assert.match(told(seller, 'terms-unacceptable')[0]!, /temperature in K, not temperature in Cel/);
    const before = buyer.bought.length;
    const heard = (): number => seller.status().devices[0]!.health!.messages;
    const unheard = heard();
    for (let i = 0; i < 50; i++) second.measure();
    await until(() => heard() >= unheard + 50);
    const first = new Thermometer(1, 2000);
    binding.unplug(PATH);
    await until(() => seller.status().devices.every((device) => !device.ready));
    binding.plug(PATH, first);
    await until(() => isDone(buyer) && hasSettled(seller, 1), first.measure);
    assert.ok(before < 40 && bought(buyer).every((value) => value < 5000));
    await assertBooks(market, seller, buyer);
  }),
);

test.run();
