import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import {
  compareDecimals,
  DECIMAL_EXPONENT_MAX,
  type Decimal,
  decimalFromText,
  decimalItem,
  decimalOf,
  decimalOfItem,
  decimalToText,
} from '../../schemas/decimal.ts';
import { schemas } from '../cddl/schemas.ts';

/** Mantissas with trailing zeros are where normal forms go wrong. */
const mantissas = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  fc.tuple(fc.integer({ min: -99, max: 99 }), fc.nat(13)).map((pair) => pair[0] * 10 ** pair[1]),
);
const parts = fc.tuple(mantissas, fc.integer({ min: -DECIMAL_EXPONENT_MAX, max: 8 }));
const decimals = parts.map((pair) => decimalOf(pair[0], pair[1]));

/** The value as an integer of 10^-30: exact, and not our arithmetic. */
const scaled = (value: Decimal): bigint => BigInt(value.mantissa) * 10n ** BigInt(value.exponent + 30);

const decimal = suite('Decimal');

decimal('keeps its value in normal form', () => {
  fc.assert(
    fc.property(parts, (pair) => {
      const normal = decimalOf(pair[0], pair[1]);
      assert.is(scaled(normal), scaled({ mantissa: pair[0], exponent: pair[1] }));
      assert.ok(Number.isSafeInteger(normal.mantissa));
      const integral = scaled(normal) % 10n ** 30n === 0n;
      const fits = integral && Number.isSafeInteger(Number(scaled(normal) / 10n ** 30n));
      assert.is(normal.exponent === 0, fits);
      if (!fits) assert.not(normal.mantissa % 10 === 0);
    }),
    { numRuns: 1000 },
  );
});

decimal('compares as integers of one scale would', () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const left = { mantissa: a[0], exponent: a[1] };
      const right = { mantissa: b[0], exponent: b[1] };
      const expected = scaled(left) < scaled(right) ? -1 : scaled(left) > scaled(right) ? 1 : 0;
      assert.is(Math.sign(compareDecimals(left, right)), expected);
      assert.is(Math.sign(compareDecimals(decimalOf(a[0], a[1]), right)), expected);
    }),
    { numRuns: 2000 },
  );
});

decimal('is one sequence of bytes per value, in both directions and by the CDDL', () => {
  fc.assert(
    fc.property(parts, (pair) => {
      const normal = decimalOf(pair[0], pair[1]);
      const bytes = encodeCbor(decimalItem({ mantissa: pair[0], exponent: pair[1] }));
      assert.equal(bytes, encodeCbor(decimalItem(normal)));
      const decoded = decodeCbor(bytes);
      assert.ok(decoded.ok);
      assert.equal(decimalOfItem(decoded.value), { ok: true, value: normal });
      assert.equal(schemas().validate('decimal', bytes), { ok: true });
    }),
  );
});

decimal('reads back the text it wrote, which is a number of JSON', () => {
  fc.assert(
    fc.property(decimals, (value) => {
      const text = decimalToText(value);
      assert.equal(decimalFromText(text), { ok: true, value });
      assert.is(JSON.parse(text), Number(`${value.mantissa}e${value.exponent}`));
    }),
  );
});

decimal('reads the text of any number that JavaScript writes in at most 15 digits', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -999999999, max: 999999999 }),
      fc.integer({ min: -20, max: 12 }),
      (mantissa, exponent) => {
        const float = Number(`${mantissa}e${exponent}`);
        assert.equal(decimalFromText(String(float)), { ok: true, value: decimalOf(mantissa, exponent) });
      },
    ),
  );
});

decimal('never throws at text from outside', () => {
  const noise = fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[-+0-9.eE]{0,50}$/));
  fc.assert(
    fc.property(noise, (text) => {
      const read = decimalFromText(text);
      if (!read.ok) return;
      assert.match(text, /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/);
      assert.is(Number(decimalToText(read.value)), Number(text) + 0);
    }),
    { numRuns: 3000 },
  );
});

decimal('throws at what is no decimal: a programmer passed the wrong thing', () => {
  const wrong = [
    [0.5, 0],
    [1, 0.5],
    [2 ** 53, 0],
    [Number.NaN, 0],
    [1, 25],
    [1, -25],
    [10, 24],
  ];
  for (const pair of wrong) assert.throws(() => decimalOf(pair[0]!, pair[1]!), /no decimal/, String(pair));
});

decimal.run();
