/** Numbers out of text and their conversion, against rationals of unlimited size. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Conversion, convert, restOf, times } from '../../../firmware-bridge/lines/conversion.ts';
import { DecimalScanner } from '../../../firmware-bridge/lines/decimal-scanner.ts';
import * as units from '../../../firmware-bridge/lines/units.ts';

const scanned = (text: string): string | undefined => {
  const scanner = new DecimalScanner();
  const bytes = Buffer.from(`,${text},`);
  return scanner.scan(bytes, 1, bytes.length - 1) ? `${scanner.mantissa}e${scanner.exponent}` : undefined;
};

const scanner = suite('DecimalScanner');

for (const [text, value] of [
  ['21.53', '2153e-2'],
  ['+0021.50', '2150e-2'],
  ['-.5', '-5e-1'],
  ['5.', '5e0'],
  ['-0', '0e0'],
  ['1.5e-3', '15e-4'],
  ['1E+3', '1e3'],
  ['0.30000000000000004', '30000000000000004e-17'],
  ['-123456789012345678901234567890', '-123456789012345678901234567890e0'],
] as const) {
  scanner(`reads ${text}`, () => assert.is(scanned(text), value));
}

for (const text of [
  ...['', '.', '-', '+', 'e3', '1e', '1e+', '1.2.3', '1,2', ' 1', '1 ', '--1', '+-1', '0x10', '1_0'],
  ...['NaN', 'Infinity', '-Infinity', '1e999', '1e-65', '١', '1'.repeat(49)],
]) {
  scanner(`refuses ${JSON.stringify(text)}`, () => assert.is(scanned(text), undefined));
}

scanner('reads what it stands between and no more', () => {
  const scanner = new DecimalScanner();
  assert.ok(scanner.scan(Buffer.from('12345'), 1, 3));
  assert.is(scanner.mantissa, 23);
});

scanner.run();

type Ratio = readonly [numerator: bigint, denominator: bigint];

const power = (exponent: number): Ratio =>
  exponent >= 0 ? [10n ** BigInt(exponent), 1n] : [1n, 10n ** BigInt(-exponent)];
const product = ([a, b]: Ratio, [c, d]: Ratio): Ratio => [a * c, b * d];
const sum = ([a, b]: Ratio, [c, d]: Ratio): Ratio => [a * d + c * b, b * d];

/** The integers next to a ratio; both where it is in the middle. */
const nearest = ([numerator, denominator]: Ratio): bigint[] => {
  const below = (2n * numerator) / (2n * denominator) - (numerator < 0n ? 1n : 0n);
  const around = [below - 1n, below, below + 1n, below + 2n];
  const distance = (one: bigint): bigint => {
    const difference = one * denominator - numerator;
    return difference < 0n ? -difference : difference;
  };
  return around.filter((one) => around.every((other) => distance(one) <= distance(other)));
};

const conversions = Object.values(units) as Conversion[];

const conversion = suite('convert');

conversion('is the nearest integer to the exact ratio, the even one of two', () => {
  const mantissas = fc.oneof(
    fc.integer({ min: -100_000, max: 100_000 }),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }),
  );
  fc.assert(
    fc.property(
      mantissas,
      fc.integer({ min: -20, max: 6 }),
      fc.constantFrom(...conversions),
      fc.integer({ min: -9, max: 3 }),
      (mantissa, exponent, by, to) => {
        const written = sum(product([BigInt(mantissa), 1n], power(exponent)), [BigInt(by.before), 100n]);
        const ratio: Ratio = [BigInt(by.numerator), BigInt(by.denominator)];
        const wanted = nearest(product(product(written, ratio), power(-to)));
        const expected = wanted.length === 1 ? wanted[0]! : wanted.find((one) => one % 2n === 0n)!;
        const isSafe = expected <= Number.MAX_SAFE_INTEGER && expected >= -Number.MAX_SAFE_INTEGER;
        assert.is(convert(mantissa, exponent, by, to), isSafe ? Number(expected) : undefined);
      },
    ),
    { numRuns: 5000 },
  );
});

conversion('never says minus zero', () => {
  assert.ok(Object.is(convert(-1, -3, units.CELSIUS, 0), 0));
  assert.ok(Object.is(convert(32, 0, units.FAHRENHEIT, -2), 0));
});

conversion('finds the rest of a division as the operator does', () => {
  const size = fc.integer({ min: 0, max: 2 ** 52 });
  fc.assert(
    fc.property(size, fc.oneof(fc.integer({ min: 1, max: 1000 }), size), (a, b) =>
      assert.is(restOf(a, Math.max(b, 1)), a % Math.max(b, 1)),
    ),
    { numRuns: 5000 },
  );
});

conversion.run();

const definitions = suite('the units of instruments');

for (const [name, unit, conversion] of [
  ['fahrenheit', units.FAHRENHEIT, times('Cel', 5, 9, -3200)],
  ['knot', units.KNOT, times('m/s', 463, 900)],
  ['km per hour', units.KM_PER_HOUR, times('m/s', 5, 18)],
  ['mile per hour', units.MILE_PER_HOUR, times('m/s', 1397, 3125)],
  ['hectopascal', units.HECTOPASCAL, times('Pa', 100)],
  ['bar', units.BAR, times('Pa', 100_000)],
  ['inch of mercury', units.INCH_OF_MERCURY, times('Pa', 3_386_388_640_341, 1_000_000_000)],
  ['inch', units.INCH, times('m', 127, 5000)],
  ['millimetre', units.MILLIMETRE, times('m', 1, 1000)],
  ['percent humidity', units.PERCENT_HUMIDITY, times('%RH', 1)],
] as const) {
  definitions(`have ${name} as it is defined`, () => assert.equal(unit, conversion));
}

definitions.run();
