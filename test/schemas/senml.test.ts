import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import { decimalOf } from '../../schemas/decimal.ts';
import {
  decodeReading,
  encodeReading,
  exportJson,
  exportPack,
  isSenmlName,
  OFFSET_MS_MAX,
  PACK_READINGS_MAX,
  type Reading,
  readingTimeMs,
  SEQ_MAX,
  type Series,
  VALUE_TEXT_MAX,
} from '../../schemas/senml.ts';
import { isUnit } from '../../schemas/unit.ts';
import { schemas } from '../cddl/schemas.ts';
import { bytesOf, type Hex, vectorsOf } from './vectors.ts';

const decimals = fc
  .tuple(fc.maxSafeInteger(), fc.integer({ min: -24, max: 8 }))
  .map((pair) => decimalOf(pair[0], pair[1]));
const readings: fc.Arbitrary<Reading> = fc.record({
  seq: fc.integer({ min: 1, max: SEQ_MAX }),
  value: fc.oneof(decimals, fc.boolean(), fc.string({ unit: 'binary', maxLength: 60 })),
  offsetMs: fc.oneof(fc.constant(0), fc.integer({ min: -OFFSET_MS_MAX, max: OFFSET_MS_MAX })),
});

const reading = suite('Reading');

reading('comes back as it was, and fits its CDDL', () => {
  fc.assert(
    fc.property(readings, (one) => {
      const bytes = encodeReading(one);
      assert.equal(decodeReading(bytes), { ok: true, value: { ...one } });
      assert.equal(schemas().validate('reading', bytes), { ok: true });
    }),
    { numRuns: 500 },
  );
});

reading('of one number with seq 70,000 leaves a tick its place in 51 bytes', () => {
  const tickBytes = 24;
  const pressure = encodeReading({ seq: 70000, value: decimalOf(101325, -2), offsetMs: 0 });
  assert.is(pressure.length, 16);
  const largest = encodeReading({ seq: 70000, value: decimalOf(-9007199254740991, -24), offsetMs: 0 });
  assert.ok(largest.length + tickBytes <= 51, `${largest.length} bytes`);
});

reading('is accepted in no other bytes than its own', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(readings, mutations, (one, changes) => {
      const bytes = encodeReading(one);
      for (const change of changes) bytes[change[0] % bytes.length] = change[1];
      const decoded = decodeReading(bytes);
      if (decoded.ok) assert.is(toHex(encodeReading(decoded.value)), toHex(bytes));
    }),
    { numRuns: 5000 },
  );
});

reading('that its shape forbids is refused by the CDDL too', () => {
  const bad = vectorsOf<{ bad: { name: string; bytes: Hex; code: string }[] }>('senml').bad;
  for (const vector of bad) {
    if (vector.code !== 'object-malformed') continue;
    assert.not(schemas().validate('reading', bytesOf(vector.bytes)).ok, vector.name);
  }
});

reading('out of range is a mistake of the programmer who encodes it', () => {
  const good: Reading = { seq: 1, value: true, offsetMs: 0 };
  const wrong: Partial<Reading>[] = [
    { seq: 0 },
    { seq: SEQ_MAX + 1 },
    { seq: Number.NaN },
    { seq: 1.5 },
    { offsetMs: OFFSET_MS_MAX + 1 },
    { offsetMs: 0.5 },
    { offsetMs: Number.NaN },
    { value: 'x'.repeat(VALUE_TEXT_MAX + 1) },
    { value: { mantissa: 0.5, exponent: 0 } },
  ];
  for (const part of wrong) assert.throws(() => encodeReading({ ...good, ...part }), JSON.stringify(part));
});

reading('is due in the grid of its lease, and off it by its offset', () => {
  const series = { baseName: 'a', unit: 'Cel', baseTimeMs: 1795168800000, periodMs: 60000 };
  assert.is(readingTimeMs(series, { seq: 1, value: true, offsetMs: 0 }), 1795168800000);
  assert.is(readingTimeMs(series, { seq: 3, value: true, offsetMs: -250 }), 1795168919750);
});

reading.run();

const pack = suite('exportPack');

const series: Series = {
  baseName: 'urn:dev:ow:10e2073a01080063',
  unit: 'Cel',
  baseTimeMs: 1795168800250,
  periodMs: 1000,
};

pack('fits its CDDL and the maxima of the decoder at any size it takes', () => {
  fc.assert(
    fc.property(fc.array(readings, { minLength: 1, maxLength: PACK_READINGS_MAX, size: 'max' }), (some) => {
      const spaced = some.map((one) => ({
        ...one,
        offsetMs: one.offsetMs % 1000,
        seq: (one.seq % 1000000) + 1,
      }));
      const exported = exportPack(series, spaced);
      assert.ok(exported.ok && decodeCbor(exported.value).ok);
      assert.equal(schemas().validate('senml-pack', exported.value), { ok: true });
      const json = exportJson(series, spaced);
      assert.ok(json.ok);
      assert.is((JSON.parse(json.value) as unknown[]).length, spaced.length);
    }),
    { numRuns: 20 },
  );
});

pack('takes neither no reading nor more than its maximum', () => {
  const one: Reading = { seq: 1, value: true, offsetMs: 0 };
  for (const count of [0, PACK_READINGS_MAX + 1]) {
    const refused = exportPack(series, new Array<Reading>(count).fill(one));
    assert.is(refused.ok ? 'accepted' : refused.code, 'value-out-of-range');
  }
});

pack.run();

const names = suite('isUnit and isSenmlName');

names('know the units of RFC 8428 and RFC 8798 letter by letter', () => {
  for (const unit of ['m', 'kg', 'Pa', 'Cel', '%RH', '/', '1/s', 'bit/s', 'kg/m3', 'deg', 'S/m', 'm/s'])
    assert.ok(isUnit(unit), unit);
  for (const unit of ['', ' ', 'M', 'hPa', 'C Cel', 'm ', ' m', 'km/h', 'celsius', 'kg m'])
    assert.not(isUnit(unit), unit);
});

names('know the names of RFC 8428 section 4.5.1', () => {
  for (const name of ['a', '0', 'urn:dev:ow:10e2073a01080063', 'A-1:b.c/d_e'])
    assert.ok(isSenmlName(name), name);
  for (const name of ['', '-a', ':a', '/a', 'a b', 'ä', 'a#', 'a+', 'a\u0000'])
    assert.not(isSenmlName(name), name);
});

names.run();
