/** Who answers on a line, seen from who answered there before. */

import { toHex } from '../schemas/bytes.ts';
import type { Capability, Identity } from '../schemas/serial.ts';
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

export const metOf = ({ board, firmware, serial, capabilities }: Identity): Met => ({
  identity: { board, firmware, serial: toHex(serial) },
  capabilities,
});

/**
 * The answers to one greeting. Two boards that share a line both give one, and nobody knows whose a reading is then. So
 * an answer that is not the expected one, or comes after there were two, is held until the question is asked again.
 */
export class Answers {
  #first: Identity | null = null;
  #isHeld = false;
  #wereTwo = false; // once is enough: the other may only be away

  begin(): void {
    this.#first = null;
    this.#isHeld = false;
  }

  /** The other board that has answered before, or null. */
  rivalOf(answer: Identity): Met | null {
    this.#first ??= answer;
    const first = metOf(this.#first);
    if (encounter(first, metOf(answer)) !== 'another') return null;
    this.#wereTwo = true;
    return first;
  }

  /** Whether to wait for others. */
  hold(isExpected: boolean): boolean {
    this.#isHeld = this.#wereTwo || !isExpected;
    return this.#isHeld;
  }

  /** The question is asked again: the answer that was held, and is the only one; or null. */
  release(): Identity | null {
    const alone = this.#isHeld ? this.#first : null;
    this.#isHeld = false;
    return alone;
  }
}
