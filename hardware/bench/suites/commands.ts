/** Outputs that are told what to do, and acknowledge it. Only what the rig file wires is moved. */

import type { Device } from '../../../firmware-bridge/device.ts';
import type { Capability } from '../../../schemas/serial.ts';
import { expect, Failure } from './bell.ts';
import { needsOutput, type Suite } from './suite.ts';
import { sensorsOf, type Workbench } from './workbench.ts';

/** As many as the driver lets wait. */
const AT_ONCE = 16;

const outputOf = (bench: Workbench, device: Device): Capability => {
  const name = bench.wired.find(({ output }) => output !== undefined)!.output;
  const found = device.capabilities.find((one) => one.name === name && one.direction === 'actuator');
  if (found === undefined) throw new Failure(`the board has no output ${name}`);
  return found;
};

const command = async (device: Device, { channel, name }: Capability, value: number): Promise<void> => {
  const done = await device.command(channel, value);
  if (!done.ok) throw new Failure(`${name} to ${value}: ${done.detail}`);
};

export const commands: Suite = {
  name: 'commands',
  about: 'outputs obey and acknowledge',
  checks: [
    {
      claim: 'sets each output, and what reads it follows',
      absent: needsOutput,
      run: async (bench) => {
        const device = await bench.device();
        for (const { output, reads } of bench.wired) {
          const actuator = device.capabilities.find(({ name }) => name === output);
          if (output === undefined || actuator === undefined) continue; // identify tells
          const reader = device.capabilities.find(({ name }) => name === (reads ?? output));
          for (const value of [1, 0, 1, 0]) {
            const before = bench.readings.length;
            await command(device, actuator, value);
            const follows = (): boolean =>
              bench.readings
                .slice(before)
                .some(({ channel, mantissa }) => channel === reader?.channel && mantissa === value);
            await bench.until(follows, () => `${reads ?? output} did not read ${value}`);
          }
        }
      },
    },
    {
      claim: `takes ${AT_ONCE} commands at once, in their order`,
      absent: needsOutput,
      run: async (bench) => {
        const device = await bench.device();
        const output = outputOf(bench, device);
        const before = bench.readings.length;
        const values = Array.from({ length: AT_ONCE }, (_, i) => (i + 1) % 2);
        await Promise.all(values.map((value) => command(device, output, value)));
        const seen = (): number[] =>
          bench.readings
            .slice(before)
            .filter(({ channel }) => channel === output.channel)
            .map(({ mantissa }) => mantissa);
        await bench.until(
          () => seen().length >= AT_ONCE,
          () => `${seen().length} of ${AT_ONCE} were reported`,
        );
        const told = seen().filter((value, i, all) => value !== all[i - 1]); // a period may tell one twice
        expect(told.join('') === values.join(''), `told ${told.join(' ')}, not ${values.join(' ')}`);
      },
    },
    {
      claim: 'refuses a command to a sensor',
      run: async (bench) => {
        const device = await bench.device();
        const channel = sensorsOf(device)[0]?.channel ?? missing(device);
        const done = await device.command(channel, 1);
        expect(!done.ok && done.code === 'channel-unknown', `answered ${done.ok ? 'done' : done.detail}`);
      },
    },
  ],
};

/** Where there is no sensor: a channel that nothing is at. */
const missing = (device: Device): number => Math.max(...device.capabilities.map((one) => one.channel)) + 1;
