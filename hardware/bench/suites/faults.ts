/** Whatever happens to the line: afterwards the board is there, and nothing was delivered that it did not say. */

import { chanceOf } from '../chance.ts';
import { FAULT_KINDS, type FaultKind, faultOf } from '../faults.ts';
import { expect, pause } from './bell.ts';
import { setPeriod } from './periods.ts';
import { type Check, needsPower, type Suite } from './suite.ts';
import { speakersOf, type Workbench } from './workbench.ts';

const PERIOD_MS = 20;
const FAULT_MS = 700;
const READINGS_AFTER = 10;
const BROWN_OUTS = 3;
const BROWN_OUT_MS_MAX = 400;

const SENTENCES: Readonly<Record<FaultKind, string>> = {
  garbage: 'bytes that nobody sent',
  flips: 'bits turned over',
  drops: 'bytes lost',
  doubles: 'bytes twice',
  baud: 'both ends at another speed',
  slow: 'a line that hardly carries anything',
  stall: 'a line that stalls',
  babble: 'a board that babbles',
  unplug: 'being unplugged',
};

/** Talks fast while `trouble` happens; afterwards it is there, obeys, and never told a lie. */
const survive = async (bench: Workbench, trouble: () => Promise<void>): Promise<void> => {
  const device = await bench.device();
  for (const { channel } of speakersOf(device)) await setPeriod(device, channel, PERIOD_MS);
  await bench.next(READINGS_AFTER);
  await trouble();
  await bench.until(
    () => device.online,
    () => 'it did not come back',
  );
  await bench.next(READINGS_AFTER);
  const [speaker] = speakersOf(device);
  await setPeriod(device, speaker!.channel, PERIOD_MS);
  expect(device.online, 'it came back and went again');
  bench.expectTruth();
};

const returnsAfter = (kind: FaultKind): Check => ({
  claim: `is back after ${SENTENCES[kind]}`,
  run: (bench) =>
    survive(bench, async () => {
      bench.line.begin(faultOf(kind));
      await pause(FAULT_MS);
      bench.line.end();
    }),
});

export const faults: Suite = {
  name: 'faults',
  about: 'comes back after each fault of the line, and no reading is made up',
  checks: [
    ...FAULT_KINDS.map(returnsAfter),
    {
      claim: `is back after ${BROWN_OUTS} brown-outs in the middle of what it says`,
      absent: needsPower,
      run: (bench) =>
        survive(bench, async () => {
          const chance = chanceOf(bench.seed);
          for (let i = 0; i < BROWN_OUTS; i++) {
            await bench.cyclePower();
            await pause(chance() * BROWN_OUT_MS_MAX);
          }
        }),
    },
  ],
};
