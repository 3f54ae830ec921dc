/** How often a board measures, and what it does not accept. */

import type { Device } from '../../../firmware-bridge/device.ts';
import type { Capability } from '../../../schemas/serial.ts';
import { expect, Failure, pause } from './bell.ts';
import type { Check, Suite } from './suite.ts';
import { speakersOf, type Workbench } from './workbench.ts';

const PERIOD_MS = 100;
const QUIET_MS = 1000;
const CHANNEL_MAX = 254;
/** A board that chatters because of an earlier suite would hide that it does not obey. */
const SLOW_MS = 60_000;

/** A channel with readings of its own; its period is put back behind the check. */
const withSpeaker = async (
  bench: Workbench,
  body: (device: Device, channel: Capability) => Promise<void>,
): Promise<void> => {
  const device = await bench.device();
  const speaker = speakersOf(device)[0];
  if (speaker === undefined) throw new Failure('no channel has a period');
  for (const { channel } of speakersOf(device)) await setPeriod(device, channel, SLOW_MS);
  try {
    await body(device, speaker);
  } finally {
    await device.setPeriod(speaker.channel, speaker.periodMs);
  }
};

export const setPeriod = async (device: Device, channel: number, periodMs: number): Promise<void> => {
  const set = await device.setPeriod(channel, periodMs);
  if (!set.ok) throw new Failure(`period ${periodMs} ms for channel ${channel} was refused: ${set.detail}`);
};

/** A period that the board must refuse with that code. */
const refuses = (
  claim: string,
  code: string,
  channelOf: (device: Device) => number,
  periodMs: number,
): Check => ({
  claim,
  run: async (bench) => {
    const device = await bench.device();
    const set = await device.setPeriod(channelOf(device), periodMs);
    expect(!set.ok && set.code === code, `answered ${set.ok ? 'done' : set.detail}, not ${code}`);
  },
});

const missingChannel = (device: Device): number => {
  const taken = device.capabilities.map(({ channel }) => channel);
  let channel = CHANNEL_MAX;
  while (taken.includes(channel)) channel--;
  return channel;
};

export const periods: Suite = {
  name: 'periods',
  about: 'how often it measures, as it is told',
  checks: [
    {
      claim: `takes a period of ${PERIOD_MS} ms and says so`,
      run: (bench) =>
        withSpeaker(bench, async (device, { channel }) => {
          await setPeriod(device, channel, PERIOD_MS);
          await bench.next(3);
          const { capabilities } = await (await bench.conversation()).greet();
          const told = capabilities.find((one) => one.channel === channel)?.periodMs;
          expect(told === PERIOD_MS, `it says ${told} ms`);
        }),
    },
    {
      claim: 'falls silent at period 0, and speaks again',
      run: (bench) =>
        withSpeaker(bench, async (device, { channel }) => {
          await setPeriod(device, channel, PERIOD_MS);
          await bench.next(2);
          await setPeriod(device, channel, 0);
          const before = bench.readings.length;
          await pause(QUIET_MS);
          const late = bench.readings.slice(before).filter((one) => one.channel === channel).length;
          expect(late <= 1, `${late} readings came at period 0`); // one may have been on its way
          await setPeriod(device, channel, PERIOD_MS);
          await bench.next(2);
        }),
    },
    refuses(
      'refuses a period of 9 ms',
      'value-out-of-range',
      (device) => device.capabilities[0]?.channel ?? 0,
      9,
    ),
    refuses('refuses a channel that it does not have', 'channel-unknown', missingChannel, PERIOD_MS),
  ],
};
