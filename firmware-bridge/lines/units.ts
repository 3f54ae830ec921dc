/**
 * Units that instruments write and the one SenML unit that each is sold in (primary units only,
 * `schemas/unit.ts`). Exact by definition but where NIST SP 811 (2008), appendix B, rounds: inHg, mmHg, psi.
 */

import { isUnit } from '../../schemas/unit.ts';
import { type Conversion, times } from './conversion.ts';

export const CELSIUS = times('Cel', 1);
export const FAHRENHEIT = times('Cel', 5, 9, -3200);
export const KELVIN = times('Cel', 1, 1, -27315);
export const METRE_PER_SECOND = times('m/s', 1);
export const KNOT = times('m/s', 463, 900);
export const KM_PER_HOUR = times('m/s', 5, 18);
export const MILE_PER_HOUR = times('m/s', 1397, 3125);
export const PASCAL = times('Pa', 1);
export const HECTOPASCAL = times('Pa', 100);
export const BAR = times('Pa', 100_000);
export const INCH_OF_MERCURY = times('Pa', 3_386_389, 1000);
export const MILLIMETRE_OF_MERCURY = times('Pa', 1_333_224, 10_000);
export const INCH = times('m', 127, 5000);
export const MILLIMETRE = times('m', 1, 1000);

/** As people and RFC 8798 write them; where a name is a SenML unit too, it is that unit. */
const WRITTEN: readonly (readonly [names: string, conversion: Conversion])[] = [
  ['C degC °C', CELSIUS],
  ['F degF °F', FAHRENHEIT],
  ['K', KELVIN],
  ['kn kt knots', KNOT],
  ['km/h kph', KM_PER_HOUR],
  ['mph', MILE_PER_HOUR],
  ['ft/s', times('m/s', 381, 1250)],
  ['mm/h', times('m/s', 1, 3_600_000)],
  ['in/h', times('m/s', 127, 18_000_000)],
  ['hPa mbar', HECTOPASCAL],
  ['kPa', times('Pa', 1000)],
  ['bar', BAR],
  ['inHg', INCH_OF_MERCURY],
  ['mmHg', MILLIMETRE_OF_MERCURY],
  ['psi', times('Pa', 6_894_757, 1000)],
  ['um', times('m', 1, 1_000_000)],
  ['mm', MILLIMETRE],
  ['cm', times('m', 1, 100)],
  ['km', times('m', 1000)],
  ['in', INCH],
  ['ft', times('m', 381, 1250)],
  ['nmi', times('m', 1852)],
  ['%', times('%RH', 1)],
  ['percent', times('%', 1)],
  ['ppm', times('/', 1, 1_000_000)],
  ['ppb', times('/', 1, 1_000_000_000)],
  ['ug/m3', times('kg/m3', 1, 1_000_000_000)],
  ['mg', times('g', 1, 1000)],
  ['mV', times('V', 1, 1000)],
  ['mA', times('A', 1, 1000)],
  ['uA', times('A', 1, 1_000_000)],
  ['mW', times('W', 1, 1000)],
  ['kW', times('W', 1000)],
  ['kVA', times('VA', 1000)],
  ['Wh', times('J', 3600)],
  ['kWh', times('J', 3_600_000)],
  ['us', times('s', 1, 1_000_000)],
  ['ms', times('s', 1, 1000)],
  ['min', times('s', 60)],
  ['h', times('s', 3600)],
  ['kHz', times('Hz', 1000)],
  ['MHz', times('Hz', 1_000_000)],
  ['rpm RPM', times('1/min', 1)],
  ['l/min', times('l/s', 1, 60)],
  ['m3/h', times('m3/s', 1, 3600)],
  ['lux', times('lx', 1)],
  ['kOhm', times('Ohm', 1000)],
  ['degree °', times('deg', 1)],
];

const named = WRITTEN.flatMap(([names, conversion]) =>
  names.split(' ').map((name) => [name, conversion] as const),
);

/** The units that can be sold as `unit`, for a sentence that helps. */
export const unitsFor = (unit: string): string[] => [
  unit,
  ...named.filter(([, conversion]) => conversion.unit === unit).map(([name]) => name),
];

/** How `written` becomes `unit`; undefined where it does not. */
export const conversionFor = (written: string, unit: string): Conversion | undefined => {
  if (written === unit && isUnit(unit)) return times(unit, 1);
  return named.find(([name, conversion]) => name === written && conversion.unit === unit)?.[1];
};
