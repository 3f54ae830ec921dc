/** Boards with our firmware. */

import type { Device } from '../../firmware-bridge/device.ts';
import type { Result } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';

export const SHAPE_FRAMES = {
  path: s.path({ about: 'Serial port', example: '/dev/serial/by-id/usb-Arduino_Uno-if00' }),
};

type FramesConfig = { readonly [Key in keyof typeof SHAPE_FRAMES]: Infer<(typeof SHAPE_FRAMES)[Key]> };

export const openFrames = async ({ path }: FramesConfig): Promise<Result<Device>> => {
  const driver = await import('../../firmware-bridge/frames.ts');
  return driver.openFrames({ path });
};
