/** Units that instruments write and the SenML unit that each is sold in. Exact by definition, all of them. */

import { times } from './conversion.ts';

export const CELSIUS = times('Cel', 1);
export const FAHRENHEIT = times('Cel', 5, 9, -3200);
export const KELVIN = times('Cel', 1, 1, -27_315);
export const PERCENT_HUMIDITY = times('%RH', 1);
export const DEGREE = times('deg', 1);
export const METRE_PER_SECOND = times('m/s', 1);
export const KNOT = times('m/s', 463, 900);
export const KM_PER_HOUR = times('m/s', 5, 18);
export const MILE_PER_HOUR = times('m/s', 1397, 3125);
export const PASCAL = times('Pa', 1);
export const HECTOPASCAL = times('Pa', 100);
export const BAR = times('Pa', 100_000);
/** Conventional: 13,595.1 kg/m3 and 9.80665 m/s2. */
export const INCH_OF_MERCURY = times('Pa', 3_386_388_640_341, 1_000_000_000);
export const MILLIMETRE_OF_MERCURY = times('Pa', 133_322_387_415, 1_000_000_000);
export const INCH = times('m', 127, 5000);
export const MILLIMETRE = times('m', 1, 1000);
