/**
 * What a host and a board say to each other on a serial line (`spec/serial.md`): one CBOR array per frame.
 *
 * | kind | from  | message                                                                        |
 * |------|-------|--------------------------------------------------------------------------------|
 * | 0    | host  | hello     [0, protocol, nonce]                                                 |
 * | 1    | board | identity  [1, protocol, nonce, board, firmware, serial, capabilities, roles]   |
 * | 2    | board | reading   [2, channel, seq, mantissa]                                          |
 * | 3    | host  | command   [3, id, channel, value]                                              |
 * | 4    | board | ack       [4, id, code]                                                        |
 * | 5    | host  | period    [5, id, channel, periodMs]                                           |
 * | 6    | board | fault     [6, fault, count]                                                    |
 * | 7    | host  | install   [7, id, number, channel, seq, anchor, ticks, base, window, mac]      |
 * | 8    | both  | tick      [8, seq mod 2^16, index, x]                                          |
 * | 9    | board | meter     [9, number, seq, index, delivered, room]                             |
 * | 10   | host  | chain     [10, id, channel, seq, ticks]                                        |
 * | 11   | board | chained   [11, id, counter, anchor]                                            |
 * | 12   | host  | release   [12, id, index]                                                      |
 * | 13   | host  | provision [13, id, slot, bytes]                                                |
 *
 * A capability is [channel, name, kind, unit, exponent, direction, periodMs]. The channel of a reading is a
 * number on its board; that of an installation or a chain is the id of a payment channel (meter.md).
 */

import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts';
import { atLeast, bytes, checkFields, count, type Field, isCount, text, U16_MAX, U32_MAX } from './fields.ts';
import { MAC_BYTES } from './hmac.ts';
import { ok, type Result, refuse } from './result.ts';
import { CHAIN_TICKS_MAX, LINK_BYTES, type Tick } from './tick.ts';
import { isUnit } from './unit.ts';

export const SERIAL_PROTOCOL = 2;
/** 16 capabilities of 60 bytes; real boards have a few of 30 to 40. */
export const SERIAL_MESSAGE_BYTES_MAX = 1024;
/** A day: rarer is no reading but an event. */
export const PERIOD_MS_MAX = 86400000;
/** The nonce of an identity that nobody asked for; a host draws others. */
export const NONCE_UNASKED = 0;

/** What a board does beside its channels; `roles` is their sum. */
export const ROLE = { meter: 1, meterKey: 2, payer: 4, payerSecret: 8 };
const ROLES_MAX = 15;

/** What `provision` writes: each once, while it is erased. */
export const SLOT = { serial: 0, meterKey: 1, payerSecret: 2 };
const SLOT_BYTES = [8, 32, 32];
/** So that base, ticks and window together stay below 2^32. */
const BASE_MAX = U32_MAX - CHAIN_TICKS_MAX - U16_MAX;

const CHANNEL_MAX = 254;
const CAPABILITIES_MAX = 16;
const EXPONENT_MAX = 12;
const I32_MAX = 2147483647;

export type Direction = 'sensor' | 'actuator';

export type Capability = {
  readonly channel: number;
  readonly name: string;
  readonly kind: string;
  /** SenML unit. */
  readonly unit: string;
  /** A value is mantissa * 10^exponent units. */
  readonly exponent: number;
  readonly direction: Direction;
  /** 0: only on change, or never. */
  readonly periodMs: number;
};

export type Hello = { readonly type: 'hello'; readonly protocol: number; readonly nonce: number };
export type Identity = {
  readonly type: 'identity';
  readonly protocol: number;
  readonly nonce: number;
  readonly board: string;
  readonly firmware: string;
  /** 8 bytes, ff where none was ever written. */
  readonly serial: Uint8Array;
  readonly capabilities: readonly Capability[];
  /** A sum of `ROLE`. */
  readonly roles: number;
};
export type Reading = {
  readonly type: 'reading';
  readonly channel: number;
  /** From 0 at each reset of the board; what is missing was lost. */
  readonly seq: number;
  readonly mantissa: number;
};
export type Command = {
  readonly type: 'command';
  readonly id: number;
  readonly channel: number;
  readonly value: number;
};
/** `code` is 0 when done, or a number of `CODES`. */
export type Ack = { readonly type: 'ack'; readonly id: number; readonly code: number };
export type Period = {
  readonly type: 'period';
  readonly id: number;
  readonly channel: number;
  readonly periodMs: number;
};
/** `fault` is a number of serial.md section 4, `count` how often since the reset. */
export type Fault = { readonly type: 'fault'; readonly fault: number; readonly count: number };

/** Credit for readings: a chain of ticks on a payment channel, under the meter's key. */
export type Installation = {
  /** Rises with every installation of the chip, from 1. */
  readonly number: number;
  readonly channel: Uint8Array;
  /** Of the voucher that opened the chain. */
  readonly seq: number;
  readonly anchor: Uint8Array;
  readonly ticks: number;
  /** Readings of the channel that are paid, or forgiven, before the chain. */
  readonly base: number;
  /** Readings that may be delivered and unpaid. */
  readonly window: number;
};
export type Install = Installation & {
  readonly type: 'install';
  readonly id: number;
  readonly mac: Uint8Array;
};
export type SerialTick = Tick & { readonly type: 'tick' };
export type MeterState = {
  readonly type: 'meter';
  /** Of the installation in force; 0 where there is none. */
  readonly number: number;
  readonly seq: number;
  /** The newest tick that counts. */
  readonly index: number;
  readonly delivered: number;
  /** Readings that it would deliver now without another tick. */
  readonly room: number;
};
export type ChainRequest = {
  readonly type: 'chain';
  readonly id: number;
  readonly channel: Uint8Array;
  readonly seq: number;
  readonly ticks: number;
};
export type Chained = {
  readonly type: 'chained';
  readonly id: number;
  readonly counter: number;
  readonly anchor: Uint8Array;
};
export type Release = { readonly type: 'release'; readonly id: number; readonly index: number };
/** `slot` is one of `SLOT`. */
export type Provision = {
  readonly type: 'provision';
  readonly id: number;
  readonly slot: number;
  readonly bytes: Uint8Array;
};

export type SerialMessage =
  | (Hello | Identity | Reading | Command | Ack | Period | Fault)
  | (Install | SerialTick | MeterState | ChainRequest | Chained | Release | Provision);

const integer = (name: string, min: number, max: number): Field => ({
  name: name,
  expects: 'an integer from ' + min + ' to ' + max,
  holds: (value) => typeof value === 'number' && value >= min && value <= max && Math.floor(value) === value,
});

const unit: Field = {
  name: 'unit',
  expects: 'a SenML unit',
  holds: (value) => typeof value === 'string' && isUnit(value),
};

const list: Field = {
  name: 'capabilities',
  expects: 'at most ' + CAPABILITIES_MAX + ' arrays',
  holds: (value) => Array.isArray(value) && value.length <= CAPABILITIES_MAX,
};

const slotBytes: Field = {
  name: 'bytes',
  expects: '8 bytes for slot 0, 32 for slots 1 and 2',
  holds: (value) => value instanceof Uint8Array && SLOT_BYTES.indexOf(value.length) >= 0,
};

const NAMES: readonly SerialMessage['type'][] = [
  'hello',
  'identity',
  'reading',
  'command',
  'ack',
  'period',
  'fault',
  'install',
  'tick',
  'meter',
  'chain',
  'chained',
  'release',
  'provision',
];
const IDENTITY = NAMES.indexOf('identity');
const KIND_MAX = NAMES.length - 1;

const kind = count('kind', KIND_MAX);
const protocol = count('protocol', U16_MAX);
const channel = count('channel', CHANNEL_MAX);
const periodMs = count('periodMs', PERIOD_MS_MAX);
const id = count('id', U32_MAX);
const u32 = (name: string): Field => count(name, U32_MAX);
const ticks = atLeast(1, count('ticks', CHAIN_TICKS_MAX));
const paymentChannel = bytes('channel', 32);
const anchor = bytes('anchor', LINK_BYTES);

const CAPABILITY_FIELDS = [
  channel,
  text('name'),
  text('kind'),
  unit,
  integer('exponent', -EXPONENT_MAX, EXPONENT_MAX),
  count('direction', 1),
  periodMs,
];

/** By kind; each name is that of the field in the message. */
const FIELDS: readonly (readonly Field[])[] = [
  [kind, protocol, u32('nonce')],
  [
    kind,
    protocol,
    u32('nonce'),
    text('board'),
    text('firmware'),
    bytes('serial', 8),
    list,
    count('roles', ROLES_MAX),
  ],
  [kind, channel, u32('seq'), integer('mantissa', -1 - I32_MAX, I32_MAX)],
  [kind, id, channel, integer('value', -1 - I32_MAX, I32_MAX)],
  [kind, id, count('code', U16_MAX)],
  [kind, id, channel, periodMs],
  [kind, count('fault', 255), count('count', U16_MAX)],
  [
    kind,
    id,
    atLeast(1, u32('number')),
    paymentChannel,
    u32('seq'),
    anchor,
    ticks,
    count('base', BASE_MAX),
    atLeast(1, count('window', U16_MAX)),
    bytes('mac', MAC_BYTES),
  ],
  [kind, count('seq16', U16_MAX), atLeast(1, count('index', CHAIN_TICKS_MAX)), bytes('x', LINK_BYTES)],
  [kind, u32('number'), u32('seq'), count('index', CHAIN_TICKS_MAX), u32('delivered'), u32('room')],
  [kind, id, paymentChannel, u32('seq'), ticks],
  [kind, id, u32('counter'), anchor],
  [kind, id, atLeast(1, count('index', CHAIN_TICKS_MAX))],
  [kind, id, count('slot', SLOT_BYTES.length - 1), slotBytes],
];

/** A message or a capability, by the names of its fields. */
type Named = { [name: string]: Cbor };

const itemOf = (named: Named, fields: readonly Field[], from: number): Cbor[] => {
  const item: Cbor[] = [];
  for (let i = from; i < fields.length; i++) item.push(named[fields[i]!.name]!);
  return item;
};

const namedOf = (item: readonly Cbor[], fields: readonly Field[], from: number): Named => {
  const named: Named = {};
  for (let i = from; i < fields.length; i++) named[fields[i]!.name] = item[i]!;
  return named;
};

const capabilityItem = (capability: Capability): Cbor => {
  const item = itemOf(capability as unknown as Named, CAPABILITY_FIELDS, 0);
  item[5] = capability.direction === 'actuator' ? 1 : 0;
  return item;
};

const messageItem = (message: SerialMessage): readonly Cbor[] => {
  const number = NAMES.indexOf(message.type);
  const item = itemOf(message as unknown as Named, FIELDS[number]!, 1);
  if (message.type === 'identity') item[5] = message.capabilities.map(capabilityItem);
  return [number as Cbor].concat(item);
};

/** What a table of single fields cannot say. */
const checkItem = (item: Cbor, number: number): Result<readonly Cbor[]> => {
  const name = NAMES[number]!;
  const checked = checkFields(name, item, FIELDS[number]!);
  if (!checked.ok || name !== 'provision') return checked;
  const value = checked.value[3] as Uint8Array;
  if (value.length === SLOT_BYTES[checked.value[2] as number]) return checked;
  return refuse('value-out-of-range', 'provision: bytes must be ' + slotBytes.expects);
};

/** Whether every field is in its range. Codes: value-out-of-range (names the field). */
export const checkSerial = (message: SerialMessage): Result<readonly Cbor[]> => {
  const item = messageItem(message);
  return checkItem(item as Cbor, item[0] as number);
};

/** Throws on a value no field can hold: a programmer's error. */
export const encodeSerial = (message: SerialMessage): Uint8Array => {
  const checked = checkSerial(message);
  if (!checked.ok) throw new RangeError(checked.detail);
  return encodeCbor(checked.value);
};

const capabilityOf = (item: Cbor): Result<Capability> => {
  const checked = checkFields('capability', item, CAPABILITY_FIELDS);
  if (!checked.ok) return checked;
  const capability = namedOf(checked.value, CAPABILITY_FIELDS, 0);
  capability.direction = checked.value[5] === 1 ? 'actuator' : 'sensor';
  return ok(capability as unknown as Capability);
};

const capabilitiesOf = (items: readonly Cbor[]): Result<readonly Capability[]> => {
  const capabilities: Capability[] = [];
  for (const item of items) {
    const capability = capabilityOf(item);
    if (!capability.ok) return capability;
    for (const other of capabilities) {
      if (other.channel === capability.value.channel || other.name === capability.value.name) {
        return refuse('object-malformed', 'identity: channel ' + other.channel + ' twice, or its name');
      }
    }
    capabilities.push(capability.value);
  }
  return ok(capabilities);
};

/**
 * Codes: cbor-*, object-malformed (no message of ours), value-out-of-range (names the field),
 * protocol-unsupported (an identity of another protocol, whose other fields we cannot know).
 */
export const decodeSerial = (encoded: Uint8Array): Result<SerialMessage> => {
  const decoded = decodeCbor(encoded);
  if (!decoded.ok) return decoded;
  const item = decoded.value;
  if (!Array.isArray(item) || !isCount(item[0], KIND_MAX)) {
    return refuse('object-malformed', 'not an array that begins with a kind from 0 to ' + KIND_MAX);
  }
  const number = item[0];
  if (number === IDENTITY && isCount(item[1], U16_MAX) && item[1] !== SERIAL_PROTOCOL) {
    return refuse(
      'protocol-unsupported',
      'the board speaks protocol ' + item[1] + ', this host ' + SERIAL_PROTOCOL + ': update the older one',
    );
  }
  const checked = checkItem(item, number);
  if (!checked.ok) return checked;
  const message = namedOf(checked.value, FIELDS[number]!, 1);
  message.type = NAMES[number]!;
  if (number === IDENTITY) {
    const capabilities = capabilitiesOf(checked.value[6] as readonly Cbor[]);
    if (!capabilities.ok) return capabilities;
    message.capabilities = capabilities.value as unknown as Cbor;
  }
  return ok(message as unknown as SerialMessage);
};
