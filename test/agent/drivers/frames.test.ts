/** Our firmware on an emulated station, sold by an agent to a real buyer: freely, and on the credit of its meter. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SHAPE_FRAMES } from '../../../agent/drivers/frames.ts';
import { printExample, readConfig } from '../../../agent/host/config-file.ts';
import { s } from '../../../agent/host/shape.ts';
import type { Device } from '../../../firmware-bridge/device.ts';
import { type Board, openFrames } from '../../../firmware-bridge/frames.ts';
import { chipPeer, PeerBinding } from '../../../hardware/bench/binding.ts';
import { buildStation } from '../../../hardware/bench/boards.ts';
import { type Chip, RESET_POWER } from '../../../hardware/bench/chip.ts';
import type { Weather } from '../../../hardware/bench/weather.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { type MeterState, SLOT } from '../../../schemas/serial.ts';
import { programOf, SERIAL } from '../../hardware/board.ts';
import { filled } from '../../vectors/parties.ts';
import { until } from '../../wait.ts';
import { assertBooks, assertRising, hasSettled, isDone } from '../books.ts';
import { demand, Market, offer, type Party, type PartyWish, taken } from '../market.ts';

const SELLER = 1;
const BUYER = 2;
const PATH = '/dev/ttyStation';
/** Chip seconds per second; what the machine cannot keep up with is let go. */
const SPEED = 2;
const WINDOW = 8;
/** Of the chip: ticks between two records of what was paid. */
const STRIDE = 16;
const KEY = filled(0x4b);

const SHAPE = s.object(SHAPE_FRAMES, { about: 'A board' });

const shape = suite('SHAPE_FRAMES');

shape('accepts the example it prints', () => {
  const file = readConfig('agent.yaml', printExample(SHAPE), SHAPE);
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape.run();

/** It gets a fiftieth of a degree warmer with each measurement: a value that is sold twice shows. */
const WARMING: readonly Weather[] = Array.from({ length: 3000 }, (_, i) => ({
  ...{ temperatureCentiC: -2000 + 2 * i, pressurePa: 101_325, humidityCentiRh: 5000 },
  windDeciMs: 50,
}));

class Station {
  readonly binding = new PeerBinding();
  readonly market: Market;
  readonly keyFile: string;
  chip: Chip | undefined;
  /** The newest that the meter told. */
  meter: MeterState | null = null;
  readings = 0;
  readonly #peer;

  constructor(market: Market) {
    this.market = market;
    this.keyFile = join(market.folder, 'station.meter-key');
    writeFileSync(this.keyFile, `${toHex(KEY)}\n`, { mode: 0o600 });
    const wiring = { program: programOf('station'), serial: SERIAL, weather: WARMING, hold: 1 };
    this.#peer = chipPeer((onSend) => {
      this.chip = buildStation({ ...wiring, onSend });
      return this.chip;
    }, SPEED);
    this.plug();
  }

  plug(): void {
    this.binding.plug(PATH, this.#peer);
  }

  unplug(): void {
    this.binding.unplug(PATH);
  }

  readonly open = async (): Promise<Result<Board>> => {
    const opened = await openFrames({ path: PATH, binding: this.binding, backoff: { first: 10, max: 20 } });
    if (opened.ok)
      opened.value.listen({
        onMeter: (state) => {
          this.meter = state;
        },
        onReading: () => this.readings++,
      });
    return opened;
  };

  async provision(): Promise<void> {
    const board = taken(await this.open());
    taken(await board.provision(SLOT.meterKey, KEY));
    await board.close();
  }

  seller(wish: Partial<PartyWish> = {}): Promise<Party> {
    return this.market.start({
      seed: SELLER,
      drivers: { board: this.open },
      sell: [offer({ window: WINDOW, periodMs: 20 })],
      ...wish,
    });
  }

  metered(): Promise<Party> {
    return this.seller({ meterKeys: { board: this.keyFile } });
  }

  buyer(readings: number): Promise<Party> {
    return this.market.start({ seed: BUYER, buy: [demand({ readings })] });
  }
}

const withStation = (body: (station: Station) => Promise<void>) => async (): Promise<void> => {
  const market = await new Market().open();
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    await body(new Station(market));
  } finally {
    await market.close();
  }
};

/** Bought to the end, each reading once and warmer than the one before, and the same in three books. */
const assertSold = async (station: Station, seller: Party, buyer: Party, readings: number): Promise<void> => {
  await until(() => isDone(buyer) && hasSettled(seller, 1));
  assertRising(buyer, readings);
  await assertBooks(station.market, seller, buyer);
};

const sale = suite('a sale from a station');

sale(
  'loses no paid reading and sells none twice when it is unplugged in the middle',
  withStation(async (station) => {
    const seller = await station.seller();
    const buyer = await station.buyer(60);
    await until(() => buyer.bought.length >= 15);
    station.unplug();
    await until(() => seller.status().devices.every((device) => !device.ready));
    assert.ok(!isDone(buyer), 'the lease was over before the board was gone');
    station.plug();
    await assertSold(station, seller, buyer, 60);
  }),
);

sale(
  'is paid tick by tick to the meter on the chip',
  withStation(async (station) => {
    await station.provision();
    const seller = await station.metered();
    const buyer = await station.buyer(120);
    await assertSold(station, seller, buyer, 120);
    assert.ok(station.meter !== null && station.meter.delivered > 120 - 2 * WINDOW);
    const complaints = /signature-invalid|voucher-stale|not-authorised|timeout|no tick/;
    assert.not.match(JSON.stringify(seller.notices), complaints);
  }),
);

sale(
  'gives a gateway that keeps the ticks to itself one window and no more',
  withStation(async (station) => {
    await station.provision();
    const open = async (): Promise<Result<Device>> => {
      const board = taken(await station.open());
      Object.assign(board.meter!, { pay: () => {} });
      return ok(board);
    };
    await station.seller({ drivers: { board: open }, meterKeys: { board: station.keyFile } });
    const buyer = await station.buyer(120);
    await until(() => buyer.bought.length === WINDOW);
    const { chip } = station;
    const beganMs = chip!.nowMs;
    await until(() => chip!.nowMs > beganMs + 1000); // fifty periods
    assert.is(station.readings, WINDOW);
    assert.is(buyer.bought.length, WINDOW);
  }),
);

sale(
  'goes on after the chip lost its power and the plug was pulled, for less than a stride and two windows',
  withStation(async (station) => {
    await station.provision();
    const seller = await station.metered();
    const buyer = await station.buyer(160);
    await until(() => buyer.bought.length >= 50);
    station.chip!.reset(RESET_POWER);
    await until(() => buyer.bought.length >= 90);
    station.unplug();
    await until(() => seller.status().devices.every((device) => !device.ready));
    station.plug();
    await assertSold(station, seller, buyer, 160);
    assert.ok(station.readings <= 160 + STRIDE + 2 * WINDOW, `${station.readings} readings for 160`);
  }),
);

sale.run();
