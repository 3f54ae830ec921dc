/** Reset and power: the board says that it begins anew, and the driver tells it again what it had been told. */

import { type Identity, NONCE_UNASKED, type SerialMessage } from '../../../schemas/serial.ts';
import { expect, pause } from './bell.ts';
import { setPeriod } from './periods.ts';
import { type Absence, needsPower, needsReset, type Suite } from './suite.ts';
import { speakersOf, type Workbench } from './workbench.ts';

const PERIOD_MS = 40;
const QUIET_MS = 1500;
/** A restart in the middle of a frame costs the next one too: the message may be lost (serial.md section 1). */
const TRIES_MAX = 3;
const ANSWER_MS_MAX = 4000;
/** Hellos that were repeated meanwhile have their answers by then. */
const SETTLE_MS = 300;

type Restart = (bench: Workbench) => Promise<void>;
const WAYS: readonly {
  readonly name: string;
  readonly absent: (bench: Workbench) => Absence;
  readonly restart: Restart;
}[] = [
  { name: 'a reset', absent: needsReset, restart: (bench) => bench.reset() },
  { name: 'a power cut', absent: needsPower, restart: (bench) => bench.cyclePower() },
];

const isUnasked = (message: SerialMessage): message is Identity =>
  message.type === 'identity' && message.nonce === NONCE_UNASKED;

const speaksUp = async (bench: Workbench, restart: Restart): Promise<void> => {
  const conversation = await bench.conversation();
  for (let tries = 1; ; tries++) {
    await conversation.greet();
    await pause(SETTLE_MS);
    const since = conversation.heard.length;
    await restart(bench);
    try {
      await conversation.hears(since, isUnasked, 'an identity with nonce 0', ANSWER_MS_MAX);
      break;
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
    }
  }
  const at = conversation.heard.findLastIndex(isUnasked);
  await pause(QUIET_MS);
  const said = conversation.heard
    .slice(at + 1)
    .filter((message) => !isUnasked(message) && message.type !== 'meter');
  expect(said.length === 0, `it said ${said[0]?.type} before anybody greeted it`);
};

const comesBack = async (bench: Workbench, restart: Restart): Promise<void> => {
  const device = await bench.device();
  const [speaker] = speakersOf(device);
  const { channel } = speaker!;
  await setPeriod(device, channel, PERIOD_MS);
  await bench.next(5);
  const highest = Math.max(...bench.readings.filter((one) => one.channel === channel).map(({ seq }) => seq));
  const before = bench.readings.length;
  await restart(bench);
  const anew = (): boolean =>
    bench.readings.slice(before).some((one) => one.channel === channel && one.seq < highest);
  await bench.until(anew, () => 'its readings did not begin anew');
  const told = (): number | undefined => device.capabilities.find((one) => one.channel === channel)?.periodMs;
  await bench.until(
    () => told() === PERIOD_MS,
    () => `its period is ${told()} ms, not ${PERIOD_MS}`,
  );
  await bench.next(5);
  bench.expectTruth();
};

export const restart: Suite = {
  name: 'restart',
  about: 'says that it begins anew, and goes on as it was told',
  checks: WAYS.flatMap(({ name, absent, restart }) => [
    {
      claim: `says after ${name} that it begins anew, and nothing else until it is greeted`,
      absent,
      run: (bench: Workbench) => speaksUp(bench, restart),
    },
    {
      claim: `goes on after ${name} at the period that it was told`,
      absent,
      run: (bench: Workbench) => comesBack(bench, restart),
    },
  ]),
};
