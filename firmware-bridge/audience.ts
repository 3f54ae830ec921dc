/** Who listens to a device, and its counters: what every driver needs alike. */

import type { Refusal } from '../schemas/result.ts';
import type { MeterState } from '../schemas/serial.ts';
import type { DeviceHealth, DeviceListener, DeviceReading, DeviceState } from './device.ts';

/** An agent, its views and a test have one each. */
const LISTENERS_MAX = 16;

export type Counters = { -readonly [Key in keyof DeviceHealth]: number };

export const newHealth = (): Counters => ({
  messages: 0,
  noiseBytes: 0,
  checkErrors: 0,
  resyncs: 0,
  strays: 0,
  lostReadings: 0,
  reconnects: 0,
});

/** A listener may leave while it is being told. */
export class Audience {
  readonly #listeners = new Set<DeviceListener>();

  /** Returns the function that ends it. */
  add(listener: DeviceListener): () => void {
    if (this.#listeners.size >= LISTENERS_MAX) throw new RangeError(`more than ${LISTENERS_MAX} listeners`);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#listeners.clear();
  }

  reading(reading: DeviceReading): void {
    for (const listener of this.#listeners) listener.onReading?.(reading);
  }

  state(state: DeviceState): void {
    for (const listener of this.#listeners) listener.onState?.(state);
  }

  fault(fault: number, count: number): void {
    for (const listener of this.#listeners) listener.onFault?.(fault, count);
  }

  noise(bytes: Uint8Array): void {
    for (const listener of this.#listeners) listener.onNoise?.(bytes);
  }

  refused(refusal: Refusal): void {
    for (const listener of this.#listeners) listener.onRefused?.(refusal);
  }

  meter(state: MeterState): void {
    for (const listener of this.#listeners) listener.onMeter?.(state);
  }
}
