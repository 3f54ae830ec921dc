/** A Firmata board that is emulated, as the driver's tests want it: plugged in, pulled out, with parts of johnny-five. */

import { createRequire } from 'node:module';
import * as assert from 'uvu/assert';
import type { Device, DeviceReading } from '../../firmware-bridge/device.ts';
import {
  type FirmataOptions,
  type FirmataOutput,
  type FirmataSensor,
  openFirmata,
} from '../../firmware-bridge/firmata.ts';
import { chipPeer, PeerBinding } from '../../hardware/bench/binding.ts';
import { tmp36Volts } from '../../hardware/bench/boards.ts';
import type { TwiDevice } from '../../hardware/bench/chip.ts';
import { Uno } from '../hardware/uno.ts';
import { Watch } from './watch.ts';

export const SPEED = 5;
export const PATH = 'uno';

export const hasFive = (): boolean => {
  try {
    createRequire(import.meta.url).resolve('johnny-five');
    return true;
  } catch {
    return false;
  }
};

/** Boards at paths; what is plugged in runs from then on. */
export class Bench {
  readonly binding = new PeerBinding();
  uno = new Uno();
  /** On the two-wire bus of what is plugged in, beside its BME280. */
  readonly devices = new Map<number, TwiDevice>();

  plug(path = PATH): void {
    const build = (onSend: (byte: number) => void) => {
      this.uno = new Uno(onSend, this.devices);
      this.uno.volts[0] = tmp36Volts(2500);
      this.uno.volts[1] = 2.5;
      return this.uno.chip;
    };
    this.binding.plug(path, chipPeer(build, SPEED));
  }

  async open(
    sensors: readonly FirmataSensor[],
    outputs: readonly FirmataOutput[] = [],
    options: Partial<FirmataOptions> = {},
  ) {
    const timing = { hello: 20, open: 8000, ...options.timing };
    const backoff = { first: 10, max: 20 };
    return openFirmata({ path: PATH, binding: this.binding, sensors, outputs, backoff, ...options, timing });
  }

  async device(sensors: readonly FirmataSensor[], outputs: readonly FirmataOutput[] = [], options = {}) {
    const opened = await this.open(sensors, outputs, options);
    if (!opened.ok) throw new Error(opened.detail);
    return { device: opened.value, watch: new Watch(opened.value) };
  }
}

export const plugged = (): Bench => {
  const bench = new Bench();
  bench.plug();
  return bench;
};

export const sensor = (wish: Partial<FirmataSensor>): FirmataSensor => ({
  ...{ name: 'pot', kind: 'position', class: 'Sensor', options: { pin: 'A1' }, periodMs: 20 },
  ...wish,
});
export const output = (wish: Partial<FirmataOutput>): FirmataOutput => ({
  ...{ name: 'lamp', kind: 'lamp', class: 'Led', options: { pin: 13 } },
  ...wish,
});

export const of = (watch: Watch, channel: number): DeviceReading[] =>
  watch.readings.filter((reading) => reading.channel === channel);

export const obeys = async (device: Device, channel: number, value: number): Promise<void> => {
  const outcome = await device.command(channel, value);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.detail);
};
