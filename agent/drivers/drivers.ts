/** What a device is, as a configuration names it, and the driver that opens it. */

import type { Device } from '../../firmware-bridge/device.ts';
import type { Result } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';
import { name } from '../shapes.ts';
import { openFirmata, SHAPE_FIRMATA } from './firmata.ts';
import { openFrames, placeProblem, SHAPE_FRAMES } from './frames.ts';
import { openLines, SHAPE_LINES } from './lines.ts';
import { openTopic, SHAPE_TOPIC } from './topic.ts';

const called = name('How the rest of this file calls it', 'station');

export const DEVICE = s.refine(
  s.variant(
    'driver',
    {
      frames: { name: called, ...SHAPE_FRAMES },
      firmata: { name: called, ...SHAPE_FIRMATA },
      lines: { name: called, ...SHAPE_LINES },
      topic: { name: called, ...SHAPE_TOPIC },
    },
    { about: 'Whatever produces readings or takes commands' },
  ),
  (device) => (device.driver === 'frames' ? placeProblem(device) : undefined),
);

export type DeviceConfig = Infer<typeof DEVICE>;

/** Where only one device can be, in words; or null. */
export const placeOf = (device: DeviceConfig): string | null => {
  if (device.driver === 'topic') return null;
  if (device.driver !== 'frames' || device.path !== null) return `the port ${device.path}`;
  return `the topic ${device.topic} on ${device.broker?.url}`;
};

/** Codes: those of the driver. */
export const openDevice = (config: DeviceConfig): Promise<Result<Device>> => {
  switch (config.driver) {
    case 'frames':
      return openFrames(config);
    case 'firmata':
      return openFirmata(config);
    case 'lines':
      return openLines(config);
    case 'topic':
      return openTopic(config);
  }
};
