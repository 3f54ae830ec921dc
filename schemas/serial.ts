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
 *
 * A capability is [channel, name, kind, unit, exponent, direction, periodMs].
 */

import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts';
import { bytes, checkFields, count, type Field, isCount, text, U16_MAX, U32_MAX } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';
import { isUnit } from './unit.ts';

export const SERIAL_PROTOCOL = 2;
/** 16 capabilities of 60 bytes; real boards have a few of 30 to 40. */
export const SERIAL_MESSAGE_BYTES_MAX = 1024;
/** A day: rarer is no reading but an event. */
const PERIOD_MS_MAX = 86400000;
/** The nonce of an identity that nobody asked for; a host draws others. */
export const NONCE_UNASKED = 0;

/** What a board does beside its channels (serial.md section 1). */
const ROLES_MAX = 15;

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
  /** A sum: 1 has a meter, 2 its key is set, 4 is a payer, 8 its secret is set. */
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

export type SerialMessage = Hello | Identity | Reading | Command | Ack | Period | Fault;

const HELLO = 0;
const IDENTITY = 1;
const READING = 2;
const COMMAND = 3;
const ACK = 4;
const PERIOD = 5;
const FAULT = 6;

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

const kind = count('kind', FAULT);
const protocol = count('protocol', U16_MAX);
const channel = count('channel', CHANNEL_MAX);
const periodMs = count('periodMs', PERIOD_MS_MAX);
const id = count('id', U32_MAX);

const CAPABILITY_FIELDS = [
  channel,
  text('name'),
  text('kind'),
  unit,
  integer('exponent', -EXPONENT_MAX, EXPONENT_MAX),
  count('direction', 1),
  periodMs,
];

/** By kind. */
const FIELDS: readonly (readonly Field[])[] = [
  [kind, protocol, count('nonce', U32_MAX)],
  [
    kind,
    protocol,
    count('nonce', U32_MAX),
    text('board'),
    text('firmware'),
    bytes('serial', 8),
    list,
    count('roles', ROLES_MAX),
  ],
  [kind, channel, count('seq', U32_MAX), integer('mantissa', -1 - I32_MAX, I32_MAX)],
  [kind, id, channel, integer('value', -1 - I32_MAX, I32_MAX)],
  [kind, id, count('code', U16_MAX)],
  [kind, id, channel, periodMs],
  [kind, count('fault', 255), count('count', U16_MAX)],
];

const NAMES = ['hello', 'identity', 'reading', 'command', 'ack', 'period', 'fault'];

const capabilityItem = (capability: Capability): Cbor => [
  capability.channel,
  capability.name,
  capability.kind,
  capability.unit,
  capability.exponent,
  capability.direction === 'actuator' ? 1 : 0,
  capability.periodMs,
];

const messageItem = (message: SerialMessage): Cbor => {
  switch (message.type) {
    case 'hello':
      return [HELLO, message.protocol, message.nonce];
    case 'identity':
      return [
        IDENTITY,
        message.protocol,
        message.nonce,
        message.board,
        message.firmware,
        message.serial,
        message.capabilities.map(capabilityItem),
        message.roles,
      ];
    case 'reading':
      return [READING, message.channel, message.seq, message.mantissa];
    case 'command':
      return [COMMAND, message.id, message.channel, message.value];
    case 'ack':
      return [ACK, message.id, message.code];
    case 'period':
      return [PERIOD, message.id, message.channel, message.periodMs];
    case 'fault':
      return [FAULT, message.fault, message.count];
  }
};

/** Whether every field is in its range. Codes: value-out-of-range (names the field). */
export const checkSerial = (message: SerialMessage): Result<readonly Cbor[]> => {
  const item = messageItem(message) as readonly Cbor[];
  return checkFields(message.type, item, FIELDS[item[0] as number]!);
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
  const fields = checked.value;
  return ok({
    channel: fields[0] as number,
    name: fields[1] as string,
    kind: fields[2] as string,
    unit: fields[3] as string,
    exponent: fields[4] as number,
    direction: fields[5] === 1 ? 'actuator' : 'sensor',
    periodMs: fields[6] as number,
  });
};

const identityOf = (fields: readonly Cbor[]): Result<SerialMessage> => {
  const capabilities: Capability[] = [];
  for (const item of fields[6] as readonly Cbor[]) {
    const capability = capabilityOf(item);
    if (!capability.ok) return capability;
    for (const other of capabilities) {
      if (other.channel === capability.value.channel || other.name === capability.value.name) {
        return refuse('object-malformed', 'identity: channel ' + other.channel + ' twice, or its name');
      }
    }
    capabilities.push(capability.value);
  }
  return ok({
    type: 'identity',
    protocol: fields[1] as number,
    nonce: fields[2] as number,
    board: fields[3] as string,
    firmware: fields[4] as string,
    serial: fields[5] as Uint8Array,
    capabilities: capabilities,
    roles: fields[7] as number,
  });
};

/**
 * Codes: cbor-*, object-malformed (no message of ours), value-out-of-range (names the field),
 * protocol-unsupported (an identity of another protocol, whose other fields we cannot know).
 */
export const decodeSerial = (encoded: Uint8Array): Result<SerialMessage> => {
  const decoded = decodeCbor(encoded);
  if (!decoded.ok) return decoded;
  const item = decoded.value;
  if (!Array.isArray(item) || !isCount(item[0], FAULT)) {
    return refuse('object-malformed', 'not an array that begins with a kind from 0 to ' + FAULT);
  }
  if (item[0] === IDENTITY && isCount(item[1], U16_MAX) && item[1] !== SERIAL_PROTOCOL) {
    return refuse(
      'protocol-unsupported',
      'the board speaks protocol ' + item[1] + ', this host ' + SERIAL_PROTOCOL + ': update the older one',
    );
  }
  const checked = checkFields(NAMES[item[0]]!, item, FIELDS[item[0]]!);
  if (!checked.ok) return checked;
  const fields = checked.value;
  const second = fields[1] as number;
  const third = fields[2] as number;
  const fourth = fields[3] as number;
  switch (item[0]) {
    case HELLO:
      return ok({ type: 'hello', protocol: second, nonce: third });
    case IDENTITY:
      return identityOf(fields);
    case READING:
      return ok({ type: 'reading', channel: second, seq: third, mantissa: fourth });
    case COMMAND:
      return ok({ type: 'command', id: second, channel: third, value: fourth });
    case ACK:
      return ok({ type: 'ack', id: second, code: third });
    case PERIOD:
      return ok({ type: 'period', id: second, channel: third, periodMs: fourth });
    default:
      return ok({ type: 'fault', fault: second, count: third });
  }
};
