/** The units of formats that are known here, from the table of all (`../units.ts`), as `convert` takes them. */

import { conversionFor } from '../units.ts';
import { type Conversion, times } from './conversion.ts';

const commonDivisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : commonDivisor(b, a % b));

const tenTo = (power: number): bigint => 10n ** BigInt(Math.max(power, 0));

const of = (name: string): Conversion => {
  const { unit, plus, times: by, over } = conversionFor(name)!;
  const numerator = by.mantissa * tenTo(by.exponent - over.exponent);
  const denominator = over.mantissa * tenTo(over.exponent - by.exponent);
  const divisor = commonDivisor(numerator, denominator);
  const before = Number(plus.mantissa * tenTo(plus.exponent + 2));
  return times(unit, Number(numerator / divisor), Number(denominator / divisor), before);
};

export const CELSIUS = of('Cel');
export const FAHRENHEIT = of('°F');
/** Sold in degrees Celsius, as all temperatures of the air and the sea are. */
export const KELVIN = times('Cel', 1, 1, -27_315);
export const PERCENT_HUMIDITY = of('%RH');
export const DEGREE = of('deg');
export const METRE_PER_SECOND = of('m/s');
export const KNOT = of('kn');
export const KM_PER_HOUR = of('km/h');
export const MILE_PER_HOUR = of('mph');
export const PASCAL = of('Pa');
export const HECTOPASCAL = of('hPa');
export const BAR = of('bar');
export const INCH_OF_MERCURY = of('inHg');
export const MILLIMETRE_OF_MERCURY = of('mmHg');
export const INCH = of('in');
export const MILLIMETRE = of('mm');
