/**
 * What goes wrong on a serial line, to order. The same seed spoils the same bytes, however they come in chunks.
 *
 * | fault     | what it does                                                   | amount                |
 * |-----------|----------------------------------------------------------------|-----------------------|
 * | `garbage` | bytes that nobody sent                                         | one per so many bytes |
 * | `flips`   | a bit turned over                                              | one per so many bytes |
 * | `drops`   | a byte lost                                                    | one per so many bytes |
 * | `doubles` | a byte twice                                                   | one per so many bytes |
 * | `baud`    | each end reads the other at this speed                         | baud                  |
 * | `slow`    | no more passes than this, either way                           | bytes a second        |
 * | `stall`   | nothing passes; afterwards all of it at once                   |                       |
 * | `babble`  | the board talks nonsense without end, between what it says     | bytes a second        |
 * | `unplug`  | the port is gone; afterwards it is back                        |                       |
 */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { anyByte } from './chance.ts';

type Amount = { readonly about: string; readonly preset: number; readonly min: number; readonly max: number };

const PER_BYTES = { about: 'one per so many bytes', min: 1, max: 1_000_000 };
const NONE: Amount = { about: '', preset: 0, min: 0, max: 0 };

const AMOUNTS = {
  garbage: { ...PER_BYTES, preset: 20 },
  flips: { ...PER_BYTES, preset: 50 },
  drops: { ...PER_BYTES, preset: 50 },
  doubles: { ...PER_BYTES, preset: 50 },
  baud: { about: 'baud', preset: 57_600, min: 300, max: 2_000_000 },
  slow: { about: 'bytes a second', preset: 400, min: 1, max: 1_000_000 },
  stall: NONE,
  babble: { about: 'bytes a second', preset: 11_520, min: 1, max: 1_000_000 },
  unplug: NONE,
} as const satisfies Record<string, Amount>;

export type FaultKind = keyof typeof AMOUNTS;
export type Fault = { readonly kind: FaultKind; readonly amount: number };

export const FAULT_KINDS = Object.keys(AMOUNTS) as readonly FaultKind[];

/** A fault as it is usually met. */
export const faultOf = (kind: FaultKind): Fault => ({ kind, amount: AMOUNTS[kind].preset });

/** `flips`, or `flips:200` with its amount. Code: config-invalid (names what there is). */
export const readFault = (text: string): Result<Fault> => {
  const [word = '', number] = text.split(':');
  const kind = FAULT_KINDS.find((one) => one === word);
  if (kind === undefined)
    return refuse('config-invalid', `there is no fault "${word}": ${FAULT_KINDS.join(', ')}`);
  const { about, min, max }: Amount = AMOUNTS[kind];
  if (number === undefined) return ok(faultOf(kind));
  const amount = /^\d{1,9}$/.test(number) ? Number(number) : -1;
  if (max === 0) return refuse('config-invalid', `${kind} has no amount: write ${kind}`);
  if (amount < min || amount > max)
    return refuse('config-invalid', `${kind}:${number}: ${about}, from ${min} to ${max}`);
  return ok({ kind, amount });
};

/** The faults that are in the bytes themselves; the others are in their time, and leave them as they are. */
export const spoil = (
  bytes: Uint8Array,
  fault: Fault,
  baudRate: number,
  chance: () => number,
): Uint8Array => {
  const { kind, amount } = fault;
  if (kind === 'baud') return misread(bytes, baudRate, amount);
  if (kind !== 'garbage' && kind !== 'flips' && kind !== 'drops' && kind !== 'doubles') return bytes;
  const spoiled: number[] = [];
  for (const byte of bytes) {
    if (chance() * amount >= 1) spoiled.push(byte);
    else if (kind === 'garbage') spoiled.push(anyByte(chance), byte);
    else if (kind === 'flips') spoiled.push(byte ^ (1 << Math.floor(chance() * 8)));
    else if (kind === 'doubles') spoiled.push(byte, byte);
  }
  return Uint8Array.from(spoiled);
};

/** Bits of a byte on the line: start, eight data, stop. */
const FRAME_BITS = 10;

/**
 * What a receiver makes of bytes that follow each other on the line at another speed than its own: it waits for
 * the line to fall, and takes a sample in the middle of each of its bits. A wrong stop bit is not looked at, as
 * by most programs; then it waits for the line to rise.
 */
export const misread = (bytes: Uint8Array, senderBaud: number, receiverBaud: number): Uint8Array => {
  const ends = bytes.length * FRAME_BITS;
  /** `time` in bits of the sender. The line is high before, between and after. */
  const level = (time: number): number => {
    const bit = Math.floor(time);
    if (bit < 0 || bit >= ends) return 1;
    const place = bit % FRAME_BITS;
    if (place === 0) return 0;
    return place === FRAME_BITS - 1 ? 1 : (bytes[Math.floor(bit / FRAME_BITS)]! >> (place - 1)) & 1;
  };
  const width = senderBaud / receiverBaud;
  const received: number[] = [];
  for (let time = 0; time < ends; ) {
    if (level(time) === 1) {
      time = Math.floor(time) + 1;
      continue;
    }
    if (level(time + width / 2) === 1) {
      time += width / 2; // a dip, no start bit
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= level(time + width * (bit + 1.5)) << bit;
    received.push(byte);
    time += width * (FRAME_BITS - 0.5);
    while (level(time) === 0) time = Math.floor(time) + 1;
  }
  return Uint8Array.from(received);
};
