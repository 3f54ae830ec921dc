/** A board of our firmware as a configuration names it, with nothing said but its place. */

import type { DeviceConfig } from '../../agent/drivers/drivers.ts';

type BoardConfig = DeviceConfig & { readonly driver: 'frames' };

export const boardAt = (name: string, wish: Partial<BoardConfig> = {}): BoardConfig => ({
  ...{ driver: 'frames', name, path: name, broker: null, topic: null, serial: null, meterKey: null },
  ...wish,
});
