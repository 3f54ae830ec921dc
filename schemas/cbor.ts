/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): one way to write each value, and a decoder that refuses
 * every other way.
 *
 * Definite lengths, shortest heads, map keys in bytewise order without repetition, strict UTF-8, no
 * floats, no undefined, integers within +-(2^53 - 1). Everything signed or hashed is written here; bulk
 * that is neither goes through cbor-x, outside this folder.
 *
 * | CBOR              | here                                             |
 * |-------------------|--------------------------------------------------|
 * | unsigned, negative| number (an integer)                              |
 * | byte string       | Uint8Array                                       |
 * | text string       | string                                           |
 * | array             | array                                            |
 * | map               | CborMap: pairs, so that keys may be integers     |
 * | tag               | CborTag                                          |
 * | true, false, null | the same                                         |
 */

import { compareBytes, utf8Decode, utf8Encode, writeU16, writeU32 } from './bytes.ts';
import { type Code, ok, type Result, refuse } from './result.ts';

export class CborMap {
  readonly pairs: readonly (readonly [Cbor, Cbor])[];
  constructor(pairs: readonly (readonly [Cbor, Cbor])[]) {
    this.pairs = pairs;
  }
  /** The value under an integer or text key, or undefined. */
  get(key: number | string): Cbor | undefined {
    for (const pair of this.pairs) {
      if (pair[0] === key) return pair[1];
    }
    return undefined;
  }
}

export class CborTag {
  readonly tag: number;
  readonly value: Cbor;
  constructor(tag: number, value: Cbor) {
    this.tag = tag;
    this.value = value;
  }
}

export type Cbor = number | string | boolean | null | Uint8Array | CborMap | CborTag | readonly Cbor[];

/** Maxima of one message. Nothing we sign nests deeper than 5, and no profile has 4,096 items. */
export const CBOR_DEPTH_MAX = 16;
export const CBOR_BYTES_MAX = 65536;
export const CBOR_ITEMS_MAX = 4096;

const INTEGER_MAX = 9007199254740991;
const TWO_32 = 4294967296;

/** Where every message is written before it is cut to its length; grown for a long one, and kept. */
let scratch = new Uint8Array(512);

const room = (length: number): void => {
  if (length <= scratch.length) return;
  const larger = new Uint8Array(Math.max(length, 2 * scratch.length));
  larger.set(scratch);
  scratch = larger;
};

/** Each of these writes at `at` and answers where the next byte goes. */
const putHead = (at: number, major: number, value: number): number => {
  room(at + 9);
  const type = major << 5;
  if (value < 24) {
    scratch[at] = type | value;
    return at + 1;
  }
  if (value < 0x100) {
    scratch[at] = type | 24;
    scratch[at + 1] = value;
    return at + 2;
  }
  if (value < 0x10000) {
    scratch[at] = type | 25;
    writeU16(scratch, at + 1, value);
    return at + 3;
  }
  if (value < TWO_32) {
    scratch[at] = type | 26;
    writeU32(scratch, at + 1, value);
    return at + 5;
  }
  scratch[at] = type | 27;
  writeU32(scratch, at + 1, Math.floor(value / TWO_32));
  writeU32(scratch, at + 5, value % TWO_32);
  return at + 9;
};

const putBytes = (at: number, bytes: Uint8Array): number => {
  room(at + bytes.length);
  if (bytes.length > 32) scratch.set(bytes, at);
  else for (let i = 0; i < bytes.length; i++) scratch[at + i] = bytes[i]!;
  return at + bytes.length;
};

const putSimple = (at: number, byte: number): number => {
  room(at + 1);
  scratch[at] = byte;
  return at + 1;
};

const putItem = (at: number, value: Cbor, depth: number): number => {
  if (depth > CBOR_DEPTH_MAX) throw new RangeError('CBOR nested deeper than ' + CBOR_DEPTH_MAX);
  if (typeof value === 'number') {
    if (Math.floor(value) !== value || value > INTEGER_MAX || value < -INTEGER_MAX) {
      throw new RangeError('CBOR integer expected within 2^53 - 1, got ' + value);
    }
    return value < 0 ? putHead(at, 1, -1 - value) : putHead(at, 0, value);
  }
  if (value instanceof Uint8Array) return putBytes(putHead(at, 2, value.length), value);
  if (Array.isArray(value)) {
    let next = putHead(at, 4, value.length);
    for (const item of value) next = putItem(next, item, depth + 1);
    return next;
  }
  if (typeof value === 'string') {
    const text = utf8Encode(value);
    return putBytes(putHead(at, 3, text.length), text);
  }
  if (value === null) return putSimple(at, 0xf6);
  if (value === true) return putSimple(at, 0xf5);
  if (value === false) return putSimple(at, 0xf4);
  if (value instanceof CborTag) return putItem(putHead(at, 6, value.tag), value.value, depth + 1);
  if (!(value instanceof CborMap)) throw new TypeError('CBOR cannot carry ' + typeof value);
  const entries: { key: Uint8Array; value: Cbor }[] = [];
  let next = putHead(at, 5, value.pairs.length);
  for (const pair of value.pairs) {
    const end = putItem(next, pair[0], depth + 1);
    entries.push({ key: new Uint8Array(scratch.subarray(next, end)), value: pair[1] });
  }
  entries.sort((a, b) => compareBytes(a.key, b.key));
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    if (i > 0 && compareBytes(entries[i - 1]!.key, entry.key) === 0)
      throw new TypeError('CBOR map with a repeated key');
    next = putItem(putBytes(next, entry.key), entry.value, depth + 1);
  }
  return next;
};

/** Throws on what CBOR cannot carry here (a float, undefined, a repeated key): a programmer's error. */
export const encodeCbor = (value: Cbor): Uint8Array => {
  const length = putItem(0, value, 0);
  return new Uint8Array(scratch.subarray(0, length)); // Espruino's slice() makes a plain array
};

class Fault {
  readonly code: Code;
  readonly detail: string;
  constructor(code: Code, detail: string) {
    this.code = code;
    this.detail = detail;
  }
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;
  items: number;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.at = 0;
    this.items = 0;
  }

  /** The argument of a head whose additional information is `info` (RFC 8949 section 3). */
  argument(info: number): number {
    if (info < 24) return info;
    if (info > 27)
      throw new Fault('cbor-not-deterministic', 'indefinite or reserved length at byte ' + (this.at - 1));
    const width = 1 << (info - 24);
    if (this.at + width > this.bytes.length)
      throw new Fault('cbor-truncated', 'ends inside a head at byte ' + this.at);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[this.at + i]!;
    this.at += width;
    const least = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x10000 : TWO_32;
    if (value < least)
      throw new Fault('cbor-not-deterministic', value + ' is not written in its shortest form');
    if (value > INTEGER_MAX)
      throw new Fault('cbor-unsupported', 'integer over 2^53 - 1 at byte ' + (this.at - width));
    return value;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) {
      throw new Fault(
        'cbor-truncated',
        length + ' bytes expected, ' + (this.bytes.length - this.at) + ' left',
      );
    }
    // The slice() of a Buffer would share its memory with the message.
    const taken = new Uint8Array(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return taken;
  }

  item(depth: number): Cbor {
    if (depth > CBOR_DEPTH_MAX) throw new Fault('cbor-too-deep', 'nested deeper than ' + CBOR_DEPTH_MAX);
    this.items++;
    if (this.items > CBOR_ITEMS_MAX)
      throw new Fault('cbor-too-many-items', 'more than ' + CBOR_ITEMS_MAX + ' items');
    if (this.at >= this.bytes.length) throw new Fault('cbor-truncated', 'ends where an item is expected');
    const first = this.bytes[this.at]!;
    this.at++;
    const major = first >> 5;
    if (major === 7) {
      if (first === 0xf6) return null;
      if (first === 0xf5) return true;
      if (first === 0xf4) return false;
      throw new Fault('cbor-unsupported', 'float, undefined or simple value 0x' + first.toString(16));
    }
    const value = this.argument(first & 31);
    if (major === 0) return value;
    if (major === 1) {
      if (value === INTEGER_MAX) throw new Fault('cbor-unsupported', 'integer under -(2^53 - 1)');
      return -1 - value;
    }
    if (major === 2) return this.take(value);
    if (major === 3) {
      const text = utf8Decode(this.take(value));
      if (text === undefined) throw new Fault('cbor-not-deterministic', 'text is not UTF-8');
      return text;
    }
    if (major === 4) {
      const array: Cbor[] = [];
      for (let i = 0; i < value; i++) array.push(this.item(depth + 1));
      return array;
    }
    if (major === 6) return new CborTag(value, this.item(depth + 1));
    const pairs: [Cbor, Cbor][] = [];
    let last: Uint8Array | null = null;
    for (let i = 0; i < value; i++) {
      const start = this.at;
      const key = this.item(depth + 1);
      const bytes = this.bytes.subarray(start, this.at);
      if (last !== null && compareBytes(last, bytes) >= 0) {
        throw new Fault('cbor-not-deterministic', 'map keys unsorted or repeated at byte ' + start);
      }
      last = bytes;
      pairs.push([key, this.item(depth + 1)]);
    }
    return new CborMap(pairs);
  }
}

/**
 * One CBOR item that fills `bytes` exactly and is written as `encodeCbor` would write it.
 * Codes: cbor-truncated, cbor-trailing, cbor-not-deterministic, cbor-unsupported, cbor-too-deep,
 * cbor-too-long, cbor-too-many-items.
 */
export const decodeCbor = (bytes: Uint8Array): Result<Cbor> => {
  if (bytes.length > CBOR_BYTES_MAX) {
    return refuse('cbor-too-long', bytes.length + ' bytes, at most ' + CBOR_BYTES_MAX + ' are read');
  }
  const reader = new Reader(bytes);
  try {
    const value = reader.item(0);
    if (reader.at === bytes.length) return ok(value);
    return refuse('cbor-trailing', bytes.length - reader.at + ' bytes after the item');
  } catch (fault) {
    if (fault instanceof Fault) return refuse(fault.code, fault.detail);
    throw fault;
  }
};
