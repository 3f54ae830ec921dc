/** Boards with our firmware. */

import type { Device } from '../../firmware-bridge/device.ts';
import type { Result } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';

export const SHAPE_FRAMES = {
  path: s.path({ about: 'Serial port', example: '/dev/serial/by-id/usb-Arduino_Uno-if00' }),
  serial: s.optional(
    s.text({
      about: 'Serial number of the board, any other at this port is refused; tollbridge devices tells it',
      pattern: /^[0-9a-f]{16}$/i,
      expected: '16 hexadecimal digits',
      example: '7462000000000001',
    }),
  ),
  meterKey: s.optional(
    s.path({
      about: 'File of its meter key, made by tollbridge devices provision: it delivers what is paid for',
      example: 'station.meter-key',
    }),
  ),
};

type FramesConfig = { readonly [Key in keyof typeof SHAPE_FRAMES]: Infer<(typeof SHAPE_FRAMES)[Key]> };

export const openFrames = async ({ path, serial }: FramesConfig): Promise<Result<Device>> => {
  const driver = await import('../../firmware-bridge/frames.ts');
  return driver.openFrames({ path, serial: serial ?? undefined });
};
