/**
 * Peet Bros. Ultimeter weather stations, without any configuration ("Ultimeter serial data specifications" of the
 * manufacturer): a header, then numbers of two or four hexadecimal digits at fixed places, hyphens where a
 * sensor is not installed. There is no checksum: header and length must be right.
 */

import { type Refusal, refuse } from '../../schemas/result.ts';
import { type Conversion, times } from './conversion.ts';
import { DecimalScanner } from './decimal-scanner.ts';
import { type Format, type Quantity, readingText, type Sink, shown } from './format.ts';
import { NO_VALUE } from './mapping.ts';
import {
  FAHRENHEIT,
  HECTOPASCAL,
  INCH,
  KM_PER_HOUR,
  MILE_PER_HOUR,
  MILLIMETRE,
  PERCENT_HUMIDITY,
} from './units.ts';

export type UltimeterOptions = {
  /** What one count of the rain gauge is, as set at the station: it does not say. */
  readonly rain?: '0.01in' | '0.1mm' | undefined;
};

const quantity = (
  name: string,
  kind: string,
  unit: string,
  exponent: number,
  min: number,
  max: number,
): Quantity => ({ name, kind, unit, exponent, min, max });

const temperature = (name: string): Quantity => quantity(name, 'temperature', 'Cel', -2, -6000, 8000);
const humidity = (name: string): Quantity => quantity(name, 'humidity', '%RH', -2, 0, 10_000);
const direction = (name: string): Quantity => quantity(name, 'wind-direction', 'deg', -2, 0, 36_000);
const speed = (name: string): Quantity => quantity(name, 'wind-speed', 'm/s', -3, 0, 120_000);
const rain = (name: string): Quantity => quantity(name, 'rain', 'm', -6, 0, 20_000_000);

const AIR = temperature('air-temperature');
const INDOOR = temperature('indoor-temperature');
const CHILL = temperature('wind-chill');
const DEW_POINT = temperature('dew-point');
const HUMIDITY = humidity('humidity');
const INDOOR_HUMIDITY = humidity('indoor-humidity');
/** Set to that of the sea level by its owner. */
const PRESSURE = quantity('barometric-pressure', 'pressure', 'Pa', 0, 50_000, 110_000);
const WIND = speed('wind-speed');
const WIND_AVERAGE = speed('wind-speed-average');
const WIND_PEAK = speed('wind-speed-peak');
const DIRECTION = direction('wind-direction');
const PEAK_DIRECTION = direction('wind-direction-peak');
const RAIN = rain('rain-total');
const RAIN_TODAY = rain('rain-today');

/** What the digits from `at` on are counts of; tenths where `exponent` is -1. */
type Cell = {
  readonly quantity: Quantity;
  readonly at: number;
  readonly digits: number;
  readonly by: Conversion | 'rain';
  readonly exponent: number;
  /** Two's complement. */
  readonly isSigned: boolean;
};

const tenths = (quantity: Quantity, at: number, by: Conversion): Cell => ({
  ...{ quantity, at, by },
  ...{ digits: 4, exponent: -1, isSigned: by === FAHRENHEIT },
});
const counts = (quantity: Quantity, at: number, digits: number, by: Conversion | 'rain'): Cell => ({
  ...{ quantity, at, digits, by },
  ...{ exponent: 0, isSigned: false },
});
/** 256ths of a turn; the two digits before are a calibration. */
const turn = (quantity: Quantity, at: number): Cell => counts(quantity, at + 2, 2, times('deg', 45, 32));
const rainAt = (quantity: Quantity, at: number): Cell => counts(quantity, at, 4, 'rain');

type Mode = {
  readonly name: string;
  /** Older stations leave fields at the end out. */
  readonly lengths: readonly number[];
  readonly cells: readonly Cell[];
};

const DATA_LOGGER: Mode = {
  name: 'data logger',
  lengths: [40, 44, 48],
  cells: [
    ...[tenths(WIND, 0, KM_PER_HOUR), turn(DIRECTION, 4), tenths(AIR, 8, FAHRENHEIT), rainAt(RAIN, 12)],
    ...[
      tenths(PRESSURE, 16, HECTOPASCAL),
      tenths(INDOOR, 20, FAHRENHEIT),
      tenths(HUMIDITY, 24, PERCENT_HUMIDITY),
    ],
    ...[
      tenths(INDOOR_HUMIDITY, 28, PERCENT_HUMIDITY),
      rainAt(RAIN_TODAY, 40),
      tenths(WIND_AVERAGE, 44, KM_PER_HOUR),
    ],
  ],
};
const PACKET: Mode = {
  name: 'packet',
  lengths: [44, 48, 52],
  cells: [
    ...[tenths(WIND_PEAK, 0, KM_PER_HOUR), turn(PEAK_DIRECTION, 4), tenths(AIR, 8, FAHRENHEIT)],
    ...[rainAt(RAIN, 12), tenths(PRESSURE, 16, HECTOPASCAL), tenths(HUMIDITY, 32, PERCENT_HUMIDITY)],
    ...[rainAt(RAIN_TODAY, 44), tenths(WIND_AVERAGE, 48, KM_PER_HOUR)],
  ],
};
/** Of its 115 fields those that are now; the others are highs and lows of today, yesterday and ever. */
const COMPLETE: Mode = {
  name: 'complete record',
  lengths: [448, 452],
  cells: [
    ...[tenths(WIND, 0, KM_PER_HOUR), turn(DIRECTION, 4)],
    ...[tenths(WIND_PEAK, 8, KM_PER_HOUR), turn(PEAK_DIRECTION, 12), tenths(CHILL, 16, FAHRENHEIT)],
    ...[tenths(AIR, 20, FAHRENHEIT), rainAt(RAIN_TODAY, 24), tenths(PRESSURE, 28, HECTOPASCAL)],
    ...[
      tenths(INDOOR, 44, FAHRENHEIT),
      tenths(HUMIDITY, 48, PERCENT_HUMIDITY),
      tenths(INDOOR_HUMIDITY, 52, PERCENT_HUMIDITY),
    ],
    ...[tenths(DEW_POINT, 56, FAHRENHEIT), rainAt(RAIN, 428), tenths(WIND_AVERAGE, 448, KM_PER_HOUR)],
  ],
};
/** The Ultimeter II: sixteenths of a turn, whole km/h or mph, Fahrenheit from -56 on. */
const second = (by: Conversion): Mode => ({
  name: 'II',
  lengths: [13],
  cells: [
    ...[counts(DIRECTION, 0, 1, times('deg', 45, 2)), counts(WIND, 1, 2, by)],
    ...[counts(AIR, 3, 2, { ...FAHRENHEIT, before: -8800 }), rainAt(RAIN, 5)],
  ],
});

const MODES: readonly (readonly [header: string, mode: Mode])[] = [
  ['!!', DATA_LOGGER],
  ['||', DATA_LOGGER], // as it is called among other modes
  ['$ULTW', PACKET],
  ['&CR&', COMPLETE],
  ['#', second(KM_PER_HOUR)],
  ['*', second(MILE_PER_HOUR)],
];

const modeOf = (line: string): (typeof MODES)[number] | undefined =>
  MODES.find(([header]) => line.startsWith(header));

class Ultimeter implements Format {
  readonly quantities = [];
  readonly isCutUnseen = false;
  readonly read = readingText((line, sink) => this.#read(line, sink));
  readonly #rain: Pick<Cell, 'exponent'> & { readonly by: Conversion };
  readonly #number = new DecimalScanner();

  constructor(options: UltimeterOptions) {
    this.#rain = options.rain === '0.1mm' ? { exponent: -1, by: MILLIMETRE } : { exponent: -2, by: INCH };
  }

  board(line: string): string {
    return `Ultimeter ${modeOf(line)?.[1].name ?? ''}`;
  }

  #read(line: string, sink: Sink): Refusal | undefined {
    const found = modeOf(line);
    if (found === undefined) {
      const headers = MODES.map(([header]) => header).join(' ');
      return refuse('object-malformed', `a line begins with one of ${headers}, not ${shown(line)}`);
    }
    const [header, mode] = found;
    const digits = line.slice(header.length).trimEnd();
    if (!mode.lengths.includes(digits.length) || !/^[0-9A-Fa-f-]*$/.test(digits)) {
      const lengths = mode.lengths.join(' or ');
      return refuse(
        'object-malformed',
        `${header} is followed by ${lengths} hexadecimal digits, not ${shown(digits)}`,
      );
    }
    let told = false;
    for (const cell of mode.cells)
      told = this.#readCell(cell, digits, MODES.indexOf(found) + 1, sink) || told;
    if (!told) sink.refuse(NO_VALUE);
    return undefined;
  }

  /** False where the cell has no value, or the station is too old to have the cell. */
  #readCell(cell: Cell, line: string, source: number, sink: Sink): boolean {
    const digits = line.slice(cell.at, cell.at + cell.digits);
    if (digits === '' || /^-+$/.test(digits)) return false;
    if (digits.includes('-')) {
      sink.refuse(
        refuse('object-malformed', `${cell.quantity.name} is ${shown(digits)}, which is no number`),
      );
      return true;
    }
    const count = Number.parseInt(digits, 16);
    const { by, exponent } = cell.by === 'rain' ? this.#rain : { by: cell.by, exponent: cell.exponent };
    this.#number.mantissa = cell.isSigned && count >= 0x8000 ? count - 0x1_0000 : count;
    this.#number.exponent = exponent;
    sink.measure(cell.quantity, this.#number, by, source);
    return true;
  }
}

export const ultimeter = (options: UltimeterOptions): Format => new Ultimeter(options);
