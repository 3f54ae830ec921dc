/** Who answers at a port, seen from who answered there before. */

import type { Capability } from '../schemas/serial.ts';
import type { DeviceIdentity } from './device.ts';

/** What a board can do, whatever its periods are now. */
const abilitiesOf = (capabilities: readonly Capability[]): string =>
  JSON.stringify(capabilities.map((one) => ({ ...one, periodMs: 0 })));

export type Met = { readonly identity: DeviceIdentity; readonly capabilities: readonly Capability[] };

/** `changed`: the same board with another firmware, or with other sensors. */
export const encounter = (known: Met | null, met: Met): 'first' | 'same' | 'changed' | 'another' => {
  if (known === null) return 'first';
  const [was, is] = [known.identity, met.identity];
  if (was.serial !== is.serial || was.board !== is.board) return 'another';
  const isSame =
    was.firmware === is.firmware && abilitiesOf(known.capabilities) === abilitiesOf(met.capabilities);
  return isSame ? 'same' : 'changed';
};

/** For a person who has to find it: what it calls itself and its serial number. */
export const boardName = ({ board, serial }: DeviceIdentity): string => `${board} ${serial}`;
