/**
 * Units as instruments write them, and the SenML unit (`schemas/unit.ts`) that each becomes. What stands in none of the
 * tables is refused: nothing is sold under a wrong unit.
 */

import { ok, type Result, refuse } from '../schemas/result.ts';
import { isUnit } from '../schemas/unit.ts';
import { type Exact, exactOf } from './exact.ts';

/** `(written + plus) * times / over`, in `unit`. */
export type UnitConversion = {
  readonly unit: string;
  readonly plus: Exact;
  readonly times: Exact;
  readonly over: Exact;
};

/** SenML unit, then its other spellings and multiples: `name`, or `name=factor`, `name=factor/divisor`. */
const TABLE: readonly string[] = [
  'm km=1000 dm=.1 cm=.01 mm=.001 um=.000001 nm=.000000001 in=.0254 inch=.0254 ft=.3048 yd=.9144 mi=1609.344 nmi=1852',
  'kg mg=.000001 ug=.000000001 t=1000 lb=.45359237 oz=.028349523125',
  'g gram',
  's ms=.001 us=.000001 ns=.000000001 min=60 h=3600 d=86400 sec',
  'A mA=.001 uA=.000001 kA=1000',
  'V mV=.001 uV=.000001 kV=1000 Volt volt',
  'W mW=.001 kW=1000 MW=1000000 GW=1000000000 Watt watt',
  'J kJ=1000 MJ=1000000 GJ=1000000000 Wh=3600 kWh=3600000 MWh=3600000000 Ws',
  'C mC=.001 Ah=3600 mAh=3.6',
  'VA mVA=.001 kVA=1000',
  'VAs VAh=3600 kVAh=3600000',
  'var VAR VAr kvar=1000 kVAR=1000 kVAr=1000',
  'vars varh=3600 kvarh=3600000 VARh=3600 kVARh=3600000',
  'Ohm ohm Ω kOhm=1000 kohm=1000 kΩ=1000 MOhm=1000000 MΩ=1000000',
  'F mF=.001 uF=.000001 nF=.000000001 pF=.000000000001',
  'S mS=.001 uS=.000001',
  'S/m uS/cm=.0001 mS/cm=.1 dS/m=.1',
  'T mT=.001 uT=.000001 nT=.000000001',
  'Hz mHz=.001 kHz=1000 MHz=1000000 GHz=1000000000',
  '1/min rpm RPM',
  'beat/min bpm',
  'Pa hPa=100 kPa=1000 MPa=1000000 bar=100000 mbar=100 cbar=1000 mmHg=133.322387415 inHg=3386.388640341 psi=8896443230521/1290320000',
  'N mN=.001 kN=1000',
  'm/s km/h=1/3.6 kph=1/3.6 kmh=1/3.6 mph=.44704 mi/h=.44704 kn=1852/3600 kt=1852/3600 knot=1852/3600 ft/s=.3048 cm/s=.01 mm/s=.001 mm/h=.001/3600 mm/hr=.001/3600 cm/h=.01/3600 in/h=.0254/3600 in/hr=.0254/3600 mm/d=.001/86400 mm/min=.001/60 m/min=1/60 m/h=1/3600',
  'm/s2 mm/s2=.001 cm/s2=.01 gn=9.80665',
  'm2 cm2=.0001 mm2=.000001 ha=10000 km2=1000000',
  'm3 cm3=.000001 ft3=.028316846592',
  'l L dl=.1 cl=.01 ml=.001 mL=.001 gal=3.785411784',
  'm3/s m3/h=1/3600 m3/min=1/60',
  'l/s L/s l/min=1/60 L/min=1/60 l/h=1/3600 L/h=1/3600 ml/min=.001/60 mL/min=.001/60 gal/min=3.785411784/60',
  'kg/m3 g/m3=.001 mg/m3=.000001 ug/m3=.000000001 ng/m3=.000000000001 g/l=1 g/L=1 mg/l=.001 mg/L=.001',
  'lx lux klx=1000',
  'deg °',
  'rad mrad=.001',
  'bit kbit=1000 Mbit=1000000',
  'bit/s kbit/s=1000 Mbit/s=1000000 Gbit/s=1000000000 B/s=8 kB/s=8000 MB/s=8000000 KiB/s=8192 MiB/s=8388608',
  'B kB=1000 MB=1000000 GB=1000000000 TB=1000000000000 KiB=1024 MiB=1048576 GiB=1073741824',
  '/ ppm=.000001 ppb=.000000001',
  'count counts',
  'W/m2 mW/cm2=10',
  'J/m Wh/km=3.6',
];

/** Those that do not begin at zero: what is added first, then as above. */
const SHIFTED: readonly (readonly [name: string, unit: string, plus: string, factor: string])[] = [
  ['°C', 'Cel', '0', '1'],
  ['degC', 'Cel', '0', '1'],
  ['°F', 'Cel', '-32', '5/9'],
  ['degF', 'Cel', '-32', '5/9'],
  ['dBm', 'dBW', '-30', '1'],
];

const conversionOf = (unit: string, factor: string, plus: string): UnitConversion => {
  const [times, over = '1'] = factor.split('/');
  return { unit, plus: exactOf(plus)!, times: exactOf(times!)!, over: exactOf(over)! };
};

const CONVERSIONS: ReadonlyMap<string, UnitConversion> = new Map([
  ...SHIFTED.map(([name, unit, plus, factor]) => [name, conversionOf(unit, factor, plus)] as const),
  ...TABLE.flatMap((line) => {
    const [unit, ...others] = line.split(' ');
    return others.map((other) => {
      const [name, factor = '1'] = other.split('=');
      return [name!, conversionOf(unit!, factor, '0')] as const;
    });
  }),
]);

/** Superscripts, the two signs for micro, the two for Ohm, the degree as an ordinal or one letter with it. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/²/g, '2'],
  [/³/g, '3'],
  [/[µμ]/g, 'u'],
  [/\u2126/g, 'Ω'],
  [/º/g, '°'],
  [/℃/g, '°C'],
  [/℉/g, '°F'],
];

/** undefined where no such unit is known. */
export const conversionFor = (unit: string): UnitConversion | undefined => {
  const plain = SPELLINGS.reduce((text, [sign, letters]) => text.replace(sign, letters), unit.trim());
  return CONVERSIONS.get(plain) ?? (isUnit(plain) ? conversionOf(plain, '1', '0') : undefined);
};

const SHOWN_MAX = 48;

/** The SenML unit that quantities in `unit` are told in. Code: value-out-of-range (no such unit is known). */
export const primaryUnit = (unit: string): Result<string> => {
  const conversion = conversionFor(unit);
  if (conversion !== undefined) return ok(conversion.unit);
  return refuse(
    'value-out-of-range',
    `"${unit.slice(0, SHOWN_MAX)}" is no unit of SenML and none that converts to one: name one such as °C, hPa, % or m/s`,
  );
};
