/** A board that delivers on credit (`schemas/spec/meter.md`): never more, and nothing for a false tick. */

import type { Device } from '../../../firmware-bridge/device.ts';
import type { Board } from '../../../firmware-bridge/frames.ts';
import { expect, Failure, pause } from './bell.ts';
import { type Credit, draftCredit, install, setKey } from './credit.ts';
import { setPeriod } from './periods.ts';
import { type Absence, needsReset, type Suite } from './suite.ts';
import { sensorsOf, type Workbench } from './workbench.ts';

const PERIOD_MS = 20;
const WINDOW = 8;
const PAID = 5;
/** Longer than several periods: what is not delivered by then is not delivered. */
const QUIET_MS = 600;
/** meter.md section 10. */
const STRIDE = 16;

const needsMeter = async (bench: Workbench): Promise<Absence> => {
  if (bench.meterKey === undefined) return 'the rig file gives no meterKey';
  return (await bench.device()).meter === null ? 'the board has no meter' : undefined;
};

/** Quiet sensors, a fresh channel with `WINDOW` readings to come, and then one sensor that talks. */
const onCredit = async (bench: Workbench): Promise<{ device: Board; credit: Credit; before: number }> => {
  const device = await bench.device();
  await setKey(device, bench.meterKey!);
  await bench.until(
    () => device.meter?.keySet === true,
    () => 'the board does not say that its key is set',
  );
  const sensors = sensorsOf(device);
  if (sensors.length === 0) throw new Failure('the board has no sensor to sell readings of');
  for (const { channel } of sensors) await setPeriod(device, channel, 0);
  const credit = draftCredit(device, bench.meterKey!, WINDOW);
  await install(device, credit);
  const before = sold(bench, device);
  await setPeriod(device, sensors[0]!.channel, PERIOD_MS);
  return { device, credit, before };
};

/** Readings of sensors; an actuator's state costs nothing. */
const sold = (bench: Workbench, device: Device): number => {
  const channels = sensorsOf(device).map(({ channel }) => channel);
  return bench.readings.filter(({ channel }) => channels.includes(channel)).length;
};

const expectSold = async (bench: Workbench, device: Device, before: number, count: number): Promise<void> => {
  const came = (): number => sold(bench, device) - before;
  await bench.until(
    () => came() >= count,
    () => `${came()} of ${count} readings came`,
  );
  await pause(QUIET_MS);
  expect(came() === count, `${came()} readings came, ${count} were due`);
};

export const meter: Suite = {
  name: 'meter',
  about: 'delivers on credit, never more, and nothing for a false tick',
  checks: [
    {
      claim: `delivers a window of ${WINDOW} readings, and one more for each tick`,
      absent: needsMeter,
      run: async (bench) => {
        const { device, credit, before } = await onCredit(bench);
        await expectSold(bench, device, before, WINDOW);
        device.meter!.pay(credit.tick(PAID));
        await expectSold(bench, device, before, WINDOW + PAID);
        const told = device.meter!.state!.index;
        expect(told === PAID, `it says index ${told}`);
      },
    },
    {
      claim: 'refuses an installation under another key',
      absent: needsMeter,
      run: async (bench) => {
        const device = await bench.device();
        const credit = draftCredit(
          device,
          bench.meterKey!.map((byte) => byte ^ 1),
          WINDOW,
        );
        const installed = await device.meter!.install(credit.installation, credit.mac);
        expect(
          !installed.ok && installed.code === 'signature-invalid',
          `answered ${installed.ok ? 'done' : installed.detail}`,
        );
      },
    },
    {
      claim: 'refuses an installation that another one followed',
      absent: needsMeter,
      run: async (bench) => {
        const { device, credit } = await onCredit(bench);
        await install(device, draftCredit(device, bench.meterKey!, WINDOW));
        const again = await device.meter!.install(credit.installation, credit.mac);
        expect(!again.ok && again.code === 'voucher-stale', `answered ${again.ok ? 'done' : again.detail}`);
      },
    },
    {
      claim: 'gives nothing for a tick that does not chain, and says so',
      absent: needsMeter,
      run: async (bench) => {
        const { device, credit, before } = await onCredit(bench);
        await expectSold(bench, device, before, WINDOW);
        const conversation = await bench.conversation();
        await conversation.greet();
        const since = conversation.heard.length;
        const { seq16, index, x } = credit.tick(PAID);
        conversation.send({ type: 'tick', seq16, index, x: x.map((byte) => byte ^ 1) });
        const answer = await conversation.hears(
          since,
          (message) => message.type === 'meter',
          'how its meter stands',
        );
        await pause(QUIET_MS);
        const said = conversation.heard.slice(since);
        expect(answer.type === 'meter' && answer.index === 0, 'it counts the tick');
        expect(!said.some(({ type }) => type === 'reading'), 'it delivers for the tick');
      },
    },
    {
      claim: `gives away at most ${STRIDE} readings and a window for a reset`,
      absent: async (bench) => (await needsMeter(bench)) ?? needsReset(bench),
      run: async (bench) => {
        const { device, credit, before } = await onCredit(bench);
        await expectSold(bench, device, before, WINDOW);
        device.meter!.pay(credit.tick(PAID));
        await expectSold(bench, device, before, WINDOW + PAID);
        await bench.reset();
        await bench.until(
          () => sold(bench, device) > before + WINDOW + PAID,
          () => 'nothing came after it',
        );
        await pause(QUIET_MS);
        const free = sold(bench, device) - before - WINDOW - PAID;
        expect(free <= STRIDE + WINDOW, `${free} readings came that nobody had paid`);
      },
    },
  ],
};
