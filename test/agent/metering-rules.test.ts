/** When a metering installs and what it pays, with a clock and a meter of the test's. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Metering } from '../../agent/metering.ts';
import type { Meter } from '../../firmware-bridge/device.ts';
import { type Code, ok, refuse } from '../../schemas/result.ts';
import type { Installation, MeterState } from '../../schemas/serial.ts';
import type { Tick } from '../../schemas/tick.ts';
import { CHANNEL, HandSale, PRICE_NANO, TICKS } from './hand-sale.ts';

const WINDOW = 8;
const NONE: MeterState = { type: 'meter', number: 0, seq: 0, index: 0, delivered: 0, room: 0 };

class Bench {
  readonly installed: Installation[] = [];
  readonly paid: number[] = [];
  readonly notices: Code[] = [];
  nowMs = 0;
  refusal: Code | null = null;
  credit: Installation | null = null;
  isHidden = false;
  state: MeterState | null = NONE;
  readonly metering: Metering;
  readonly sale: HandSale;

  constructor(sale = new HandSale()) {
    this.sale = sale;
    this.metering = new Metering({
      authorise: async () => ok(new Uint8Array(16)),
      nextNumber: (above) => ok(above + 1),
      onNotice: (code) => this.notices.push(code),
      monotonicMs: () => this.nowMs,
    });
    this.metering.onDevice(this.#meter());
    this.metering.begin(sale.lane, WINDOW);
  }

  #meter(): Meter {
    const bench = this;
    return {
      keySet: true,
      get state() {
        return bench.state;
      },
      install: async (installation) => {
        bench.installed.push(installation);
        if (bench.refusal !== null) return refuse(bench.refusal, 'no');
        if (bench.isHidden) return ok(undefined);
        bench.credit = installation;
        bench.tell({ number: installation.number, seq: installation.seq, index: 0 });
        return ok(undefined);
      },
      pay: (tick: Tick) => bench.paid.push(tick.index),
    };
  }

  /** The meter's word; its room as meter.md has it, unless the test says otherwise. */
  tell(part: Partial<MeterState>): void {
    const state = { ...NONE, ...this.state, ...part };
    const room = Math.max(0, (this.credit?.base ?? 0) + state.index + WINDOW - state.delivered);
    this.state = { ...state, room: part.room ?? room };
    this.metering.onMeter(this.state);
  }

  /** What it does about it, once its promises have had their turn. */
  async settle(): Promise<void> {
    this.metering.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A sale with its first chain installed. */
const begun = async (sale = new HandSale()): Promise<Bench> => {
  const bench = new Bench(sale);
  sale.voucher(1);
  await bench.settle();
  assert.is(bench.installed.length, 1);
  return bench;
};

/** The chip delivers and the sale takes; `lost` of them never arrive. */
const deliver = (bench: Bench, readings: number, lost = 0): void => {
  bench.sale.take(readings - lost);
  bench.tell({ delivered: bench.state!.delivered + readings });
};

const test = suite('Metering');

test('installs nothing before there is a voucher', async () => {
  const bench = new Bench();
  await bench.settle();
  assert.equal(bench.installed, []);
});

test('installs the first chain with nothing before it', async () => {
  const { installed, sale } = await begun();
  assert.equal(installed[0], {
    ...{ number: 1, channel: CHANNEL, seq: 1, anchor: sale.held.current!.voucher.anchor },
    ...{ ticks: TICKS, base: 0, window: WINDOW },
  });
});

test('hands each tick on, once', async () => {
  const bench = await begun();
  deliver(bench, 3);
  bench.sale.pay(2);
  await bench.settle();
  bench.sale.pay(3);
  await bench.settle();
  assert.equal(bench.paid, [2, 3]);
  bench.tell({ index: 3 });
  await bench.settle();
  assert.equal(bench.paid, [2, 3]);
  assert.is(bench.installed.length, 1);
});

test('installs the next chain when half of the window is paid by it, and not for a voucher alone', async () => {
  const bench = await begun();
  deliver(bench, 8);
  bench.sale.pay(8);
  bench.tell({ index: 8 });
  for (const seq of [2, 3, 4, 5]) {
    bench.sale.voucher(seq);
    await bench.settle();
  }
  deliver(bench, 3);
  bench.sale.pay(3);
  await bench.settle();
  assert.is(bench.installed.length, 1, 'a buyer who signs and does not pay wears nothing out');
  deliver(bench, 1);
  bench.sale.pay(4);
  await bench.settle();
  assert.is(bench.installed.length, 2);
  assert.equal([bench.installed[1]!.seq, bench.installed[1]!.base], [5, 8]);
  await bench.settle();
  assert.is(bench.paid.at(-1), 4);
});

test('raises the base for vouchers without a chain', async () => {
  const bench = await begun();
  for (let seq = 2; seq <= 9; seq++) {
    deliver(bench, 1);
    bench.sale.verifiedNano += PRICE_NANO;
    bench.sale.voucher(seq, false);
    await bench.settle();
  }
  assert.equal(
    bench.installed.map((one) => [one.seq, one.base, one.ticks]),
    [
      [1, 0, TICKS],
      [5, 4, 1],
      [9, 8, 1],
    ],
  );
});

test('forgives readings that were lost, of one chain never more often than each half minute', async () => {
  const bench = await begun();
  deliver(bench, 8, 3);
  await bench.settle();
  assert.is(bench.installed.length, 1, 'less than half a window');
  deliver(bench, 1, 1);
  await bench.settle();
  assert.is(bench.installed.length, 2);
  assert.equal([bench.installed[1]!.seq, bench.installed[1]!.base], [1, 4]);
  deliver(bench, 8, 8);
  await bench.settle();
  assert.is(bench.installed.length, 2);
  bench.nowMs += 30_000;
  await bench.settle();
  assert.is(bench.installed.length, 3);
  assert.is(bench.installed[2]!.base, 12);
});

test('does not keep the next chain waiting for what it forgave in this one', async () => {
  const bench = await begun();
  deliver(bench, 8, 4);
  await bench.settle();
  assert.is(bench.installed.length, 2);
  bench.sale.voucher(2);
  deliver(bench, 4);
  bench.sale.pay(4);
  await bench.settle();
  assert.equal([bench.installed.length, bench.installed[2]?.seq], [3, 2]);
});

test('learns what was lost before its own start', async () => {
  const bench = await begun();
  bench.tell({ delivered: 20 }); // of this channel: twelve paid, eight lost while another process had it
  bench.sale.take(12);
  bench.sale.verifiedNano = 12 * PRICE_NANO;
  bench.tell({ delivered: 20 });
  await bench.settle();
  assert.is(bench.installed.at(-1)?.base, 20);
});

test('installs again on a chip that shows another number, above it', async () => {
  const bench = await begun();
  bench.tell({ number: 77, seq: 4, index: 0, delivered: 5 });
  await bench.settle();
  assert.is(bench.installed.at(-1)?.number, 78);
  assert.is(bench.state?.number, 78);
});

test('wakes a chip whose window has halved to nothing', async () => {
  const bench = await begun();
  deliver(bench, 4);
  bench.sale.pay(4);
  bench.tell({ index: 4, room: 4 });
  await bench.settle();
  bench.tell({ room: 0 });
  await bench.settle();
  assert.is(bench.installed.length, 2);
});

test('lets a sale that has all its readings be', async () => {
  const bench = await begun(new HandSale(4));
  deliver(bench, 4);
  bench.sale.pay(4);
  bench.tell({ index: 4 });
  deliver(bench, 8, 8);
  await bench.settle();
  assert.is(bench.installed.length, 1);
});

for (const phase of ['leased', 'disputed', 'closing', 'ended']) {
  test(`installs nothing for a sale that is ${phase}`, async () => {
    const bench = new Bench();
    bench.sale.phase = phase;
    bench.sale.voucher(1);
    await bench.settle();
    assert.equal(bench.installed, []);
  });
}

test('tries again after a second what failed on the way, and tells it once', async () => {
  const bench = new Bench();
  bench.refusal = 'timeout';
  bench.sale.voucher(1);
  await bench.settle();
  await bench.settle();
  assert.is(bench.installed.length, 1);
  for (const refusal of ['timeout', 'storage-full', 'timeout', null] as const) {
    bench.refusal = refusal;
    bench.nowMs += 1000;
    await bench.settle();
  }
  assert.is(bench.installed.length, 5);
  assert.equal(bench.notices, ['timeout', 'storage-full']);
});

test('takes its time with a chip that acknowledges and does not show it', async () => {
  const bench = new Bench();
  bench.isHidden = true;
  bench.sale.voucher(1);
  for (let i = 0; i < 10; i++) await bench.settle();
  assert.is(bench.installed.length, 1);
  bench.nowMs += 1000;
  await bench.settle();
  assert.is(bench.installed.length, 2);
});

test('asks a chip with another key once, until it comes again', async () => {
  const bench = new Bench();
  bench.refusal = 'signature-invalid';
  bench.sale.voucher(1);
  for (let i = 0; i < 5; i++) {
    bench.nowMs += 60_000;
    await bench.settle();
  }
  assert.is(bench.installed.length, 1);
  assert.equal(bench.notices, ['signature-invalid']);
});

test('waits for a chip that is away', async () => {
  const bench = new Bench();
  bench.state = null;
  bench.sale.voucher(1);
  await bench.settle();
  bench.metering.onDevice(null);
  await bench.settle();
  assert.equal(bench.installed, []);
});

test('leaves the sale that is over', async () => {
  const bench = await begun();
  bench.metering.end(new HandSale().lane);
  assert.ok(bench.metering.isOf(bench.sale.lane), 'that was another');
  bench.metering.end(bench.sale.lane);
  assert.not.ok(bench.metering.isOf(bench.sale.lane));
  deliver(bench, 8, 8);
  await bench.settle();
  assert.is(bench.installed.length, 1);
});

test.run();
