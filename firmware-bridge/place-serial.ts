/** A serial number for a device that tells none: 16 hexadecimal digits of where it is, the same at each start. */

import { createHash } from 'node:crypto';

export const placeSerial = (place: string): string =>
  createHash('sha256').update(place).digest('hex').slice(0, 16);
