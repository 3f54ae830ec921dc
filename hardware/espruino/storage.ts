/**
 * What a meter remembers in the flash that the interpreter calls Storage: the module `tollbridge-storage`.
 *
 * | file             | bytes | what                                                                    |
 * |------------------|-------|-------------------------------------------------------------------------|
 * | tb.0, tb.1       | <= 100| installations by turns, and their CRC-32                                |
 * | tb.2             | 36    | the meter's key, and its CRC-32                                         |
 * | tb.3, tb.4       | 4,096 | 512 marks, one after the other; when one is full the other is begun     |
 *
 * A mark: | number u32be | index * 32 + starts u16be | the low half of the CRC-32 of these |
 *
 * Flash is erased a page at a time and then written byte by byte: a file of ff is made once, and marks are
 * written into it. What a power cut left half written has no CRC and counts as never written.
 */

import { concatBytes, readU32, writeU16, writeU32 } from '../../schemas/bytes.ts';
import { crc32 } from './crc32.ts';
import type { Memory } from './meter.ts';

/** What Espruino has. `size` makes a file of that many bytes, ff behind the first ones. */
declare const require: (name: 'Storage') => {
  read: (name: string, offset?: number, length?: number) => string | undefined;
  write: (name: string, bytes: Uint8Array, offset?: number, size?: number) => boolean;
  erase: (name: string) => void;
};
declare const E: { toUint8Array: (text: string) => Uint8Array };
declare const exports: { open: () => Memory };

type Mark = readonly [number: number, index: number, starts: number];
/** How many marks a file has room for no more, and the newest intact one. */
type Log = { readonly count: number; readonly last: Mark | undefined };

const CRC_BYTES = 4;
const MARK_BYTES = 8;
const MARKS = 512;
const LOG = 3; // the first of two files
/** An index has 11 bits, the starts that still matter 5. */
const STARTS = 32;
const ERASED = 4294967295;
const U16_MAX = 65535;

const nameOf = (file: number): string => 'tb.' + file;

const sealed = (bytes: Uint8Array): Uint8Array => {
  const seal = new Uint8Array(CRC_BYTES);
  writeU32(seal, 0, crc32(bytes, bytes.length));
  return concatBytes([bytes, seal]);
};

const markBytes = (number: number, index: number, starts: number): Uint8Array => {
  const bytes = new Uint8Array(MARK_BYTES);
  writeU32(bytes, 0, number);
  writeU16(bytes, 4, index * STARTS + starts);
  writeU16(bytes, 6, crc32(bytes, 6) & U16_MAX);
  return bytes;
};

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! * 256 + bytes[at + 1]!;

const markOf = (bytes: Uint8Array): Mark | undefined => {
  if (u16(bytes, 6) !== (crc32(bytes, 6) & U16_MAX)) return undefined;
  return [readU32(bytes, 0), u16(bytes, 4) >> 5, u16(bytes, 4) & (STARTS - 1)];
};

const logOf = (file: number): Log => {
  const storage = require('Storage');
  const name = nameOf(file);
  const at = (index: number): Uint8Array =>
    E.toUint8Array(storage.read(name, index * MARK_BYTES, MARK_BYTES)!);
  if (storage.read(name, 0, 1) === undefined) return { count: 0, last: undefined };
  let count = 0; // the first that is free: they are written in order
  let end = MARKS;
  while (count < end) {
    const middle = (count + end) >> 1;
    const bytes = at(middle);
    if (readU32(bytes, 0) === ERASED && readU32(bytes, 4) === ERASED) end = middle;
    else count = middle + 1;
  }
  let last: Mark | undefined;
  for (let i = count - 1; i >= 0 && !last; i--) last = markOf(at(i));
  return { count: count, last: last };
};

/** Opens what an earlier start has left. */
exports.open = () => {
  const storage = require('Storage');
  const first = logOf(LOG);
  const second = logOf(LOG + 1);
  // Both are there where a power cut came between the first mark of one and the end of the other, which is full.
  const isFirst = second.count === 0 || (first.count > 0 && first.count < MARKS);
  let file = isFirst ? LOG : LOG + 1;
  let count = isFirst ? first.count : second.count;
  let last = isFirst ? first.last || second.last : second.last || first.last;

  const begin = (bytes: Uint8Array): void => {
    const full = file;
    file = 2 * LOG + 1 - full;
    storage.write(nameOf(file), bytes, 0, MARKS * MARK_BYTES);
    storage.erase(nameOf(full));
    count = 1;
  };

  return {
    read: (slot) => {
      const text = storage.read(nameOf(slot));
      const bytes = text === undefined ? new Uint8Array(0) : E.toUint8Array(text);
      const length = bytes.length - CRC_BYTES;
      if (length < 1 || readU32(bytes, length) !== crc32(bytes, length)) return undefined;
      return new Uint8Array(bytes.subarray(0, length));
    },
    write: (slot, bytes) => storage.write(nameOf(slot), sealed(bytes)),
    mark: () => last,
    append: (number, index, starts) => {
      const told = Math.min(starts, STARTS - 1);
      const bytes = markBytes(number, index, told);
      last = [number, index, told];
      if (count === 0 || count === MARKS) begin(bytes);
      else {
        storage.write(nameOf(file), bytes, count * MARK_BYTES);
        count++;
      }
    },
  };
};
