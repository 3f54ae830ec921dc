/** What a device tells, collected; and promises of what it will tell. */

import type { Device, DeviceListener, DeviceReading, DeviceState } from '../../firmware-bridge/device.ts';
import type { Refusal } from '../../schemas/result.ts';
import type { MeterState } from '../../schemas/serial.ts';

export class Watch {
  readonly readings: DeviceReading[] = [];
  readonly states: DeviceState[] = [];
  readonly faults: [number, number][] = [];
  readonly noise: Uint8Array[] = [];
  readonly refused: Refusal[] = [];
  readonly meter: MeterState[] = [];
  readonly end: () => void;
  #waiting: (() => void)[] = [];

  constructor(device: Device) {
    const push = <T>(into: T[], item: T): void => {
      into.push(item);
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    const listener: Required<DeviceListener> = {
      onReading: (reading) => push(this.readings, reading),
      onState: (state) => push(this.states, state),
      onFault: (fault, count) => push(this.faults, [fault, count]),
      onNoise: (bytes) => push(this.noise, bytes),
      onRefused: (refusal) => push(this.refused, refusal),
      onMeter: (state) => push(this.meter, state),
    };
    this.end = device.listen(listener);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
