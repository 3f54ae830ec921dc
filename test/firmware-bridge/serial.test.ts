import { readFileSync } from 'node:fs';
import * as cborg from 'cborg';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../schemas/bytes.ts';
import {
  checkSerial,
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { schemas } from '../cddl/schemas.ts';
import { bytesOf, vectorsOf } from '../schemas/vectors.ts';

type Vectors = {
  readonly good: readonly { name: string; message: Record<string, unknown>; bytes: string }[];
  readonly bad: readonly { name: string; bytes: string; code: string }[];
};

const vectors = vectorsOf<Vectors>('serial');

const U32_MAX = 4294967295;

/** Fields that are bytes, hexadecimal in the file; the channel of a board is a number. */
const BYTES = ['serial', 'channel', 'anchor', 'mac', 'x', 'bytes'];

const messageOf = (json: Record<string, unknown>): SerialMessage =>
  Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      BYTES.includes(name) && typeof value === 'string' ? bytesOf(value) : value,
    ]),
  ) as SerialMessage;

const serial = suite('serial messages');

for (const { name, message, bytes } of vectors.good) {
  serial(`encode, decode and mirror ${name}`, () => {
    assert.is(toHex(encodeSerial(messageOf(message))), bytes);
    const decoded = decodeSerial(bytesOf(bytes));
    assert.equal(decoded, { ok: true, value: messageOf(message) });
    assert.is(toHex(cborg.encode(cborg.decode(bytesOf(bytes)))), bytes);
    assert.equal(schemas().validate('serial-message', bytesOf(bytes)), { ok: true });
  });
}

for (const { name, bytes, code } of vectors.bad) {
  serial(`refuse ${name} with ${code}`, () => {
    const decoded = decodeSerial(bytesOf(bytes));
    assert.is(decoded.ok ? 'accepted' : decoded.code, code);
  });
}

serial('name the field that is out of range', () => {
  const checked = checkSerial({ type: 'command', id: 1, channel: 0, value: 2 ** 31 });
  assert.is(checked.ok ? '' : checked.code, 'value-out-of-range');
  assert.match(checked.ok ? '' : checked.detail, /value/);
  assert.throws(() => encodeSerial({ type: 'command', id: 1, channel: 0, value: 0.5 }), /value/);
});

serial('of 16 capabilities with long names fit the maximum', () => {
  const long = 'x'.repeat(16);
  const capabilities = Array.from({ length: 16 }, (_, channel) => ({
    ...{ channel, name: `${long}${channel}`, kind: long, unit: 'beat/min', exponent: -12 },
    ...{ direction: 'sensor' as const, periodMs: 86_400_000 },
  }));
  const identity = {
    type: 'identity' as const,
    protocol: SERIAL_PROTOCOL,
    nonce: 1,
    board: long,
    firmware: long,
    capabilities,
    roles: 0,
  };
  const bytes = encodeSerial({ ...identity, serial: new Uint8Array(8) });
  assert.ok(bytes.length <= SERIAL_MESSAGE_BYTES_MAX, `${bytes.length} bytes`);
});

serial('of a meter and a payer are as long as meter.md says', () => {
  const spec = readFileSync(new URL('../../schemas/spec/meter.md', import.meta.url), 'utf8');
  const largest: readonly SerialMessage[] = [
    { type: 'chained', id: U32_MAX, counter: U32_MAX, anchor: new Uint8Array(16) },
    { type: 'release', id: U32_MAX, index: 1024 },
    { type: 'provision', id: U32_MAX, slot: 2, bytes: new Uint8Array(32) },
  ];
  const messages = [...vectors.good.map((one) => messageOf(one.message)), ...largest];
  for (const type of ['install', 'tick', 'meter', 'chain', 'chained', 'release', 'provision']) {
    const sizes = messages.filter((one) => one.type === type).map((one) => encodeSerial(one).length);
    const row = spec.split('\n').find((line) => line.startsWith(`| ${type} `));
    assert.is(row?.split('|')[2]?.trim(), String(Math.max(...sizes)), type);
  }
});

serial('survive any bytes', () => {
  const start = fc.constantFrom(
    [],
    [0x8a, 7],
    [0x84, 8],
    [0x86, 9, 1],
    [0x84, 13, 1, 0],
    [0x84, 2],
    [0x88, 1, 2],
    [0x84, 3],
    [0x84, 5],
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 40 }), (head, tail) => {
      const bytes = Uint8Array.from([...head, ...tail]);
      const decoded = decodeSerial(bytes);
      if (decoded.ok) assert.equal(encodeSerial(decoded.value), bytes);
      else assert.ok(decoded.detail.length > 0);
    }),
    { numRuns: 2000 },
  );
});

serial.run();
