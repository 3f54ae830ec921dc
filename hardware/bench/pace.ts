/** Ties an emulated chip to the wall clock: each slice it catches up with it, and sleeps in between. */

import { CHIP_HZ, type Chip } from './chip.ts';

/** How far the chip may be behind: the latency it adds, against wake-ups of this process. */
const SLICE_MS = 4;
/** The longest time one slice may hold the event loop. */
const BUSY_MS_MAX = 25;
/** A chip that is further behind (a suspended laptop, a slow machine) lets the lost time go. */
const LAG_MS_MAX = 200;
const PORTION_CYCLES = CHIP_HZ / 1000;

export type Pace = { readonly stop: () => void };

/** `speed` 1 is real time. `onSlice` runs after each slice. */
export const startPace = (chip: Chip, speed: number, onSlice: () => void): Pace => {
  const cyclesPerMs = (CHIP_HZ / 1000) * speed;
  let originMs = performance.now();
  let originCycles = chip.cycles;
  const slice = (): void => {
    const beganMs = performance.now();
    const target = originCycles + (beganMs - originMs) * cyclesPerMs;
    while (chip.cycles < target && performance.now() - beganMs < BUSY_MS_MAX) {
      chip.run(Math.min(target, chip.cycles + Math.max(PORTION_CYCLES, cyclesPerMs)));
    }
    if (target - chip.cycles > LAG_MS_MAX * cyclesPerMs) {
      originMs = beganMs;
      originCycles = chip.cycles;
    }
    onSlice();
  };
  const timer = setInterval(slice, SLICE_MS);
  return { stop: () => clearInterval(timer) };
};
