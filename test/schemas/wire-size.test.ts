/** The sizes that spec/money.md states, measured on real messages at their largest values. */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../schemas/decimal.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { encodeTick, TICK_BYTES_MAX } from '../../schemas/tick.ts';
import { signVoucher, VOUCHER_BYTES_MAX } from '../../schemas/voucher.ts';
import { filled, signer } from '../vectors/parties.ts';
import { vectorsOf } from './vectors.ts';

const NANO_MAX = 9007199254740991;
const U32_MAX = 4294967295;

const largestOf = (file: string, kind: string): number => {
  const vectors = vectorsOf<{ good: readonly { kind: string; name: string; bytes: string }[] }>(file).good;
  const sizes = vectors.filter((vector) => vector.kind === kind).map((vector) => vector.bytes.length / 2);
  return Math.max(...sizes);
};

const said = { seq: U32_MAX, cumulativeNano: NANO_MAX, readings: U32_MAX, head: filled(0xff) };
const plain = signVoucher(filled(0xc1), { ...said, anchor: null, tickNano: 0 }, signer('buyer'));
const chained = signVoucher(
  filled(0xc1),
  { ...said, anchor: filled(0xff, 16), tickNano: U32_MAX },
  signer('buyer'),
);
const tick = encodeTick(U32_MAX, 1024, filled(0xff, 16));
/** The exponent 24 takes two bytes, -24 takes one. */
const reading = encodeReading({ seq: U32_MAX, value: decimalOf(-NANO_MAX, 24), offsetMs: 0 });

const MEASURED: Readonly<Record<string, number>> = {
  tick: tick.length,
  voucher: plain.length,
  'voucher with a chain': chained.length,
  'reading of one number': reading.length,
  'paid reading: that and a tick': reading.length + tick.length,
  offer: largestOf('terms', 'offer'),
  lease: largestOf('terms', 'lease'),
  open: largestOf('open', 'open'),
  grant: largestOf('grant', 'grant'),
  receipt: largestOf('receipt', 'receipt'),
  'signed time': largestOf('time', 'time'),
  close: largestOf('close', 'close'),
  statement: largestOf('statement', 'statement'),
  'agreed statement': largestOf('statement', 'agreed'),
  budget: largestOf('budget', 'budget'),
  enrolment: largestOf('budget', 'enrolment'),
  spending: largestOf('spending', 'spending'),
  line: largestOf('line', 'line'),
  consent: largestOf('consent', 'consent'),
  noted: largestOf('noted', 'noted'),
  dispute: largestOf('dispute', 'dispute'),
};

const sizes = suite('wire sizes');

for (const [name, length] of Object.entries(MEASURED)) {
  sizes(`money.md says ${length} bytes for ${name}`, () => {
    const spec = readFileSync(new URL('../../schemas/spec/money.md', import.meta.url), 'utf8');
    const row = spec.split('\n').find((line) => line.startsWith('| ' + name + ' '));
    assert.is(row?.split('|')[2]?.trim(), String(length));
  });
}

sizes('keep the targets: a paid reading fits one LoRaWAN frame of 51 bytes', () => {
  assert.ok(tick.length <= 24 && tick.length === TICK_BYTES_MAX);
  assert.ok(plain.length <= 128);
  assert.ok(chained.length <= 150 && chained.length === VOUCHER_BYTES_MAX);
  assert.ok(reading.length <= 27);
  assert.ok(reading.length + tick.length <= 51);
});

sizes.run();
