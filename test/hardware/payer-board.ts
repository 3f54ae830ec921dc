/** A board that pays: what its EEPROM holds, and itself compiled for this machine. */

import { writeU32 } from '../../schemas/bytes.ts';
import { buildCoreHost, type CoreHost } from './core-host.ts';
import { sealed } from './host-script.ts';

/** hardware/core/storage.h */
const SECRET_AT = 44;
export const COUNTER_AT = 216;
const COUNTER_PLACES = 5;
const COUNTER_MAX = 2 ** 32 - 1;

const PARTS = [
  ...['cbor', 'crc32', 'frame', 'hmac', 'link', 'message', 'payer', 'pebbles', 'provision', 'sha256'],
  ...['storage', 'tick'],
];

/** The EEPROM of a board that has a secret and has made `counter` chains (payer.h). */
export const payerMemory = (secret: Uint8Array, counter: number): Uint8Array => {
  const memory = new Uint8Array(COUNTER_AT + COUNTER_PLACES * 8).fill(0xff);
  memory.set(sealed(secret), SECRET_AT);
  for (let n = Math.max(1, counter - COUNTER_PLACES + 1); n <= counter; n++) {
    const complement = new Uint8Array(4);
    writeU32(complement, 0, COUNTER_MAX - n);
    memory.set(sealed(complement), COUNTER_AT + (n % COUNTER_PLACES) * 8);
  }
  return memory;
};

export const buildPayerHost = (): CoreHost | undefined =>
  buildCoreHost(
    'payer-host.c',
    PARTS.map((name) => `${name}.c`),
  );
