/** An Espruino sells its readings to a real buyer, through the driver for our firmware. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../firmware-bridge/device.ts';
import { openFrames } from '../../firmware-bridge/frames.ts';
import type { Binding } from '../../firmware-bridge/port.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import type { Result } from '../../schemas/result.ts';
import { assertBooks, assertRising, hasSettled, isDone } from '../agent/books.ts';
import { demand, Market, offer } from '../agent/market.ts';
import { until } from '../wait.ts';
import { bareBoard, espruinoBoard, KEY_BYTE, PERIOD_MS } from './boards.ts';
import { espruinoBinary } from './engines.ts';

const SELLER = 1;
const BUYER = 2;
const READINGS = 120;
const PATH = '/dev/ttyTest0';

type Line = { readonly path: string; readonly binding?: Binding; readonly close: () => void };

const bareLine = async (isMetered: boolean): Promise<Line> => {
  const binding = new PeerBinding();
  binding.plug(PATH, await bareBoard(isMetered));
  return { path: PATH, binding, close: () => {} };
};

const sell = async (line: Line, isMetered: boolean): Promise<void> => {
  const market = await new Market().open();
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    const keyFile = join(market.folder, 'meter-key');
    writeFileSync(keyFile, `${KEY_BYTE.toString(16).repeat(32)}\n`, { mode: 0o600 });
    let device: Device | undefined;
    const open = async (): Promise<Result<Device>> => {
      const opened = await openFrames({ path: line.path, ...(line.binding && { binding: line.binding }) });
      if (opened.ok) device = opened.value;
      return opened;
    };
    const seller = await market.start({
      seed: SELLER,
      drivers: { board: open },
      ...(isMetered && { meterKeys: { board: keyFile } }),
      sell: [offer({ periodMs: PERIOD_MS })],
    });
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: READINGS })] });
    await until(() => isDone(buyer) && hasSettled(seller, 1));
    assertRising(buyer, READINGS);
    await assertBooks(market, seller, buyer);
    assert.is(device!.health.checkErrors, 0);
    assert.is(device!.meter?.keySet ?? false, isMetered);
    if (isMetered) assert.ok(device!.meter!.state!.number > 0, 'delivered on credit');
  } finally {
    await market.close();
    line.close();
  }
};

const sale = suite('a board with JavaScript');

sale('sells its readings', async () => sell(await bareLine(false), false));
sale('sells its readings on credit that it counts itself', async () => sell(await bareLine(true), true));

const binary = espruinoBinary;
if (binary === undefined) console.log('skip: no interpreter: build Espruino for Linux and set ESPRUINO_BIN');
else {
  sale('Espruino sells its readings over a pseudo-terminal', async () =>
    sell(await espruinoBoard(binary, false), false),
  );
  sale('Espruino sells its readings on credit that it counts itself', async () =>
    sell(await espruinoBoard(binary, true), true),
  );
}

sale.run();
