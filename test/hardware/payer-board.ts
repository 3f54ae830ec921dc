/** A board that pays: its vectors, what its EEPROM holds, and itself compiled for this machine. */

import { writeU32 } from '../../schemas/bytes.ts';
import { lastLink } from '../../schemas/meter.ts';
import type { ChainRequest, Release } from '../../schemas/serial.ts';
import { buildChain } from '../../schemas/tick.ts';
import { bytesOf, vectorsOf } from '../schemas/vectors.ts';
import { crypto } from '../vectors/parties.ts';
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

const vectors = vectorsOf<{
  readonly secret: string;
  readonly channel: string;
  readonly payer: readonly {
    readonly name: string;
    readonly seq: number;
    readonly counter: number;
    readonly ticks: number;
    readonly anchor: string;
    readonly links: readonly { readonly index: number; readonly x: string }[];
  }[];
}>('meter');
export const SECRET = bytesOf(vectors.secret);
export const CHANNEL = bytesOf(vectors.channel);
export const CHAINS = vectors.payer;

export const chain = (id: number, ticks: number, seq = 1): ChainRequest => ({
  type: 'chain',
  id,
  channel: CHANNEL,
  seq,
  ticks,
});

export const release = (id: number, index: number): Release => ({ type: 'release', id, index });

/** x[0..ticks] of chain number `counter`, as the schemas make it. */
export const linksOf = (seq: number, counter: number, ticks: number): Uint8Array =>
  buildChain(crypto.sha256, CHANNEL, seq, lastLink(crypto.sha256, SECRET, CHANNEL, seq, counter), ticks);

/** The EEPROM of a board that has the secret and has made `counter` chains (payer.h). */
export const payerMemory = (counter: number): Uint8Array => {
  const memory = new Uint8Array(COUNTER_AT + COUNTER_PLACES * 8).fill(0xff);
  memory.set(sealed(SECRET), SECRET_AT);
  for (let n = Math.max(1, counter - COUNTER_PLACES + 1); n <= counter; n++) {
    const complement = new Uint8Array(4);
    writeU32(complement, 0, COUNTER_MAX - n);
    memory.set(sealed(complement), COUNTER_AT + (n % COUNTER_PLACES) * 8);
  }
  return memory;
};

/** Turns of the main loop until a chain is there: every byte of its counter at 4 ms, the MAC, and a hash each. */
export const turnsFor = (ticks: number): number => 70 + ticks;

export const buildPayerHost = (): CoreHost | undefined =>
  buildCoreHost(
    'payer-host.c',
    PARTS.map((name) => `${name}.c`),
  );
