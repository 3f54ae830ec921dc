import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Measure, quantity } from '../../firmware-bridge/quantity.ts';
import { primaryUnit } from '../../firmware-bridge/units.ts';
import { decimalOf, decimalToText } from '../../schemas/decimal.ts';
import { isUnit } from '../../schemas/unit.ts';

const told = (text: string, measure: string | Measure): string => {
  const result = quantity(text, typeof measure === 'string' ? { unit: measure } : measure);
  if (!result.ok) return result.code;
  return `${decimalToText(decimalOf(result.value.mantissa, result.value.exponent))} ${result.value.unit}`;
};

const test = suite('quantity');

test('tells what instruments write in SenML units, exactly where a decimal can', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['21.53', '°C', '21.53 Cel'],
    ['-40', '°F', '-40 Cel'],
    ['212', '°F', '100 Cel'],
    ['72.9', '°F', '22.722 Cel'],
    ['1013.25', 'hPa', '101325 Pa'],
    ['29.92', 'inHg', '101320.748119003 Pa'],
    ['36', 'km/h', '10 m/s'],
    ['10', 'km/h', '2.78 m/s'],
    ['10', 'kn', '5.14 m/s'],
    ['10', 'mph', '4.4704 m/s'],
    ['0.2', 'mm', '0.0002 m'],
    ['1.5', 'kWh', '5400000 J'],
    ['230', 'mV', '0.23 V'],
    ['12', 'µg/m³', '0.000000012 kg/m3'],
    ['12', 'μg/m3', '0.000000012 kg/m3'],
    ['420', 'ppm', '0.00042 /'],
    ['-67', 'dBm', '-97 dBW'],
    ['650', 'W/m²', '650 W/m2'],
    ['270', '°', '270 deg'],
    ['4.7', 'kΩ', '4700 Ohm'],
    ['1e3', 'm', '1000 m'],
    ['+0021.50', 'Cel', '21.5 Cel'],
    ['-0.0', 'm', '0 m'],
  ];
  for (const [text, unit, expected] of cases) assert.is(told(text, unit), expected, `${text} ${unit}`);
});

test('refuses a unit it does not know, and one that only looks alike', () => {
  for (const unit of [
    '',
    'lqi',
    'mired',
    'uSv/h',
    'pascal',
    'KM',
    'constructor',
    '__proto__',
    '°'.repeat(99),
  ])
    assert.is(told('1', unit), 'value-out-of-range', unit);
  assert.is(told('1', 'C'), '1 C', 'C is coulomb: a preset that means Celsius says °C');
});

test('refuses what is no number', () => {
  for (const text of [
    '',
    '-',
    '.',
    '1,5',
    'nan',
    'NaN',
    'Infinity',
    '0x10',
    '1e',
    '1e+',
    '1 2',
    ' 1',
    '9'.repeat(49),
  ])
    assert.is(told(text, 'm'), 'object-malformed', text);
  for (const text of ['1e25', '1e-25', '1e9999', '-1e-9999'])
    assert.is(told(text, 'm'), 'value-out-of-range', text);
});

test('scales, checks the range in the instrument’s own unit, and rounds half to even where asked', () => {
  const pressure = { unit: 'hPa', scale: decimalOf(1, -1), min: decimalOf(870, 0), max: decimalOf(1085, 0) };
  assert.is(told('10132', pressure), '101320 Pa');
  assert.is(told('8700', pressure), '87000 Pa');
  assert.is(told('8699', pressure), 'value-out-of-range');
  assert.is(told('10851', pressure), 'value-out-of-range');
  for (const [text, expected] of [
    ['0.25', '0.2 m'],
    ['0.35', '0.4 m'],
    ['-0.25', '-0.2 m'],
    ['-0.251', '-0.3 m'],
    ['0.04', '0 m'],
  ] as const)
    assert.is(told(text, { unit: 'm', exponent: -1 }), expected);
  assert.is(told('12.333333333333334', 'Cel'), '12.3333333333333 Cel', 'a float’s noise');
  assert.is(told('9007199254740993', 'm'), '9007199254740990 m');
});

/** a/b as integers, by the definition of the unit. */
const FRACTIONS: readonly (readonly [string, bigint, bigint])[] = [
  ['km/h', 5n, 18n],
  ['kn', 463n, 900n],
  ['hPa', 100n, 1n],
  ['mph', 1397n, 3125n],
  ['m3/h', 1n, 3600n],
];

test('is nearer to the true value than a tenth of the last digit, whatever the number', () => {
  const units = fc.constantFrom(...FRACTIONS);
  fc.assert(
    fc.property(
      fc.integer({ min: -999_999, max: 999_999 }),
      fc.integer({ min: 0, max: 6 }),
      units,
      (n, places, unit) => {
        const [name, times, over] = unit;
        const result = quantity(`${n}e-${places}`, { unit: name });
        assert.ok(result.ok);
        const { mantissa, exponent } = result.value;
        // |mantissa * 10^exponent - n * 10^-places * times / over| * over * 10^24, in units of 10^-24
        const at = 10n ** 24n;
        const ours =
          exponent < 0
            ? (BigInt(mantissa) * at) / 10n ** BigInt(-exponent)
            : BigInt(mantissa) * at * 10n ** BigInt(exponent);
        const apart = ours * over - (BigInt(n) * times * at) / 10n ** BigInt(places);
        const digit = (times * at) / 10n ** BigInt(places);
        assert.ok((apart < 0n ? -apart : apart) * 20n <= digit, `${n}e-${places} ${name}`);
      },
    ),
  );
});

test('never throws, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9.eE]{0,50}$/)),
      fc.constantFrom('m', '°F', 'km/h', 'x'),
      (text, unit) => {
        const result = quantity(text, { unit });
        if (result.ok) decimalOf(result.value.mantissa, result.value.exponent);
      },
    ),
  );
});
test.run();

const unit = suite('primaryUnit');

unit('is a SenML unit wherever it is one', () => {
  for (const name of ['°C', 'hPa', 'km/h', 'kWh', 'lx', 'm', '°F', 'KiB']) {
    const primary = primaryUnit(name);
    assert.ok(primary.ok && isUnit(primary.value), name);
  }
  assert.is(primaryUnit('furlong').ok, false);
});
unit.run();
