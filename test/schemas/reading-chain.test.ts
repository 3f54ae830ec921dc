import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { toHex } from '../../schemas/bytes.ts';
import { nextHead } from '../../schemas/reading-chain.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { filled } from '../vectors/parties.ts';

const sha256 = nativeCrypto().sha256;
const LEASE = filled(0x1e);

const reading = (seq: number, mantissa: number): Uint8Array =>
  encodeReading({ seq, value: { mantissa, exponent: -1 }, offsetMs: 0 });

const headOf = (readings: readonly Uint8Array[]): string => {
  let head = LEASE;
  for (const [i, bytes] of readings.entries()) head = nextHead(sha256, head, i + 1, bytes);
  return toHex(head);
};

const chain = suite('nextHead');

chain('hashes the head before, the number in four bytes and the reading as sent', () => {
  const bytes = reading(4294967295, 2153);
  const expected = createHash('sha256').update(LEASE).update(Buffer.from('ffffffff', 'hex')).update(bytes);
  assert.is(toHex(nextHead(sha256, LEASE, 4294967295, bytes)), expected.digest('hex'));
});

chain('differs for another value, another order, another number and another lease', () => {
  const row = [reading(1, 211), reading(2, 213), reading(3, 217)];
  const heads = [
    headOf(row),
    headOf([row[0]!, row[1]!, reading(3, 219)]),
    headOf([row[1]!, row[0]!, row[2]!]),
    headOf(row.slice(0, 2)),
    toHex(nextHead(sha256, LEASE, 2, row[0]!)),
    toHex(nextHead(sha256, LEASE, 1, row[0]!)),
    toHex(nextHead(sha256, filled(0x1f), 1, row[0]!)),
  ];
  assert.is(new Set(heads).size, heads.length);
});

chain.run();
