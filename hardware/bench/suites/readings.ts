/** Readings: as often as agreed, none missing, and what a sensor can measure. */

import { expect } from './bell.ts';
import { setPeriod } from './periods.ts';
import type { Suite } from './suite.ts';
import { sensorsOf, speakersOf, type Workbench } from './workbench.ts';

const PERIOD_MS = 50;
const COUNT = 40;
/** A crystal is good to 0.01 %, a resonator to 0.5 %; the rest is how late this program looks. */
const CLOCK_PARTS = 0.01;
const LATE_MS = 250;
const FAST_MS = 20;
const FAST_COUNT = 100;
/** A board that measures in one go may be late with one reading while it is told the periods of the others. */
const needsSensor = (bench: Workbench): string | undefined =>
  bench.wired.length > 0 && bench.wired.every(({ sensor }) => sensor === undefined)
    ? 'no sensor is wired in the rig file'
    : undefined;

/** Numbers of each channel rise by one. */
const expectNoGap = (bench: Workbench): void => {
  const last = new Map<number, number>();
  for (const { channel, seq } of bench.readings) {
    const before = last.get(channel);
    expect(
      before === undefined || seq === before + 1,
      `channel ${channel}: reading ${seq} came after ${before}`,
    );
    last.set(channel, seq);
  }
};

export const readings: Suite = {
  name: 'readings',
  about: 'at their period, none missing, none impossible',
  checks: [
    {
      claim: `come every ${PERIOD_MS} ms`,
      run: async (bench) => {
        const device = await bench.device();
        const channel = speakersOf(device)[0]!.channel;
        await setPeriod(device, channel, PERIOD_MS);
        const of = (): number => bench.readings.filter((one) => one.channel === channel).length;
        const before = of();
        await bench.until(
          () => of() > before,
          () => 'no reading came',
        );
        const beganMs = performance.now();
        const first = of();
        await bench.until(
          () => of() >= first + COUNT,
          () => `${of() - first} of ${COUNT} readings came`,
        );
        const tookMs = performance.now() - beganMs;
        const planMs = COUNT * PERIOD_MS;
        const shortMs = planMs * (1 - CLOCK_PARTS) - LATE_MS;
        const longMs = bench.rig.steady ? planMs * (1 + CLOCK_PARTS) + LATE_MS : Number.POSITIVE_INFINITY;
        expect(
          tookMs >= shortMs && tookMs <= longMs,
          `${COUNT} readings took ${Math.round(tookMs)} ms, not ${planMs}`,
        );
      },
    },
    {
      claim: `arrive whole, all of ${FAST_COUNT}, every ${FAST_MS} ms from each channel`,
      run: async (bench) => {
        const device = await bench.device();
        for (const { channel } of speakersOf(device)) await setPeriod(device, channel, FAST_MS);
        await bench.next(10);
        const { noiseBytes, lostReadings } = { ...device.health };
        await bench.next(FAST_COUNT);
        const noise = device.health.noiseBytes - noiseBytes;
        const lost = device.health.lostReadings - lostReadings;
        expect(noise === 0 && lost === 0, `${noise} bytes of noise, ${lost} readings lost`);
        expectNoGap(bench);
        bench.expectTruth();
      },
    },
    {
      claim: 'are what the sensors can measure there',
      absent: needsSensor,
      run: async (bench) => {
        const device = await bench.device();
        const sensors = sensorsOf(device);
        await bench.until(
          () => sensors.every(({ channel }) => bench.readings.some((one) => one.channel === channel)),
          () => 'not every sensor gave a reading',
        );
        for (const { sensor, min, max } of bench.wired) {
          const capability = sensors.find(({ name }) => name === sensor);
          if (capability === undefined) continue; // identify tells
          for (const reading of bench.readings.filter(({ channel }) => channel === capability.channel)) {
            const value = reading.mantissa * 10 ** reading.exponent;
            const fits = value >= (min ?? -Infinity) && value <= (max ?? Infinity);
            expect(
              fits,
              `${sensor} reads ${value} ${capability.unit}, wired for ${min ?? ''} to ${max ?? ''}`,
            );
          }
        }
      },
    },
  ],
};
