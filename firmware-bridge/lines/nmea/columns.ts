/** Sentences whose values stand at fixed places, most with the letter of their unit behind them. */

import { refuse } from '../../../schemas/result.ts';
import type { Conversion } from '../conversion.ts';
import { type Quantity, refuseNumber, type Sink, shown } from '../format.ts';
import {
  BAR,
  CELSIUS,
  DEGREE,
  FAHRENHEIT,
  INCH_OF_MERCURY,
  KM_PER_HOUR,
  KNOT,
  METRE_PER_SECOND,
  MILE_PER_HOUR,
  PERCENT_HUMIDITY,
} from '../units.ts';
import * as q from './quantities.ts';
import type { Sentence } from './sentence.ts';

/** By the code of the letter in the field behind the value; at 0 where no letter says it. */
export type Units = readonly (Conversion | undefined)[];

export const units = (byLetter: Readonly<Record<string, Conversion>>): Units => {
  const list: (Conversion | undefined)[] = Array.from({ length: 128 });
  for (const [letter, conversion] of Object.entries(byLetter)) list[letter.charCodeAt(0)] = conversion;
  return list;
};
export const alone = (conversion: Conversion): Units => [conversion];

export const SPEEDS = units({ K: KM_PER_HOUR, M: METRE_PER_SECOND, N: KNOT, S: MILE_PER_HOUR });
const TEMPERATURES = units({ C: CELSIUS, F: FAHRENHEIT });
const PRESSURES = units({ B: BAR, I: INCH_OF_MERCURY });
/** North is no unit, but the letter says which. */
const TRUE = units({ T: DEGREE });
const MAGNETIC = units({ M: DEGREE });
const PERCENT = alone(PERCENT_HUMIDITY);

export type Column = readonly [quantity: Quantity, field: number, units: Units];

/** By formatter. Of two columns with one quantity the first that is not empty counts. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  MDA: [
    [q.PRESSURE, 3, PRESSURES],
    [q.PRESSURE, 1, PRESSURES],
    [q.AIR_TEMPERATURE, 5, TEMPERATURES],
    [q.WATER_TEMPERATURE, 7, TEMPERATURES],
    [q.HUMIDITY, 9, PERCENT], // field 10, absolute humidity "in percent", is of no unit
    [q.DEW_POINT, 11, TEMPERATURES],
    [q.WIND_DIRECTION, 13, TRUE],
    [q.WIND_DIRECTION_MAGNETIC, 15, MAGNETIC],
    [q.WIND_SPEED, 19, SPEEDS],
    [q.WIND_SPEED, 17, SPEEDS],
  ],
  MTW: [[q.WATER_TEMPERATURE, 1, TEMPERATURES]],
  MWD: [
    [q.WIND_DIRECTION, 1, TRUE],
    [q.WIND_DIRECTION_MAGNETIC, 3, MAGNETIC],
    [q.WIND_SPEED, 7, SPEEDS],
    [q.WIND_SPEED, 5, SPEEDS],
  ],
  VHW: [
    [q.HEADING, 1, TRUE],
    [q.HEADING_MAGNETIC, 3, MAGNETIC],
    [q.SPEED_THROUGH_WATER, 5, SPEEDS],
    [q.SPEED_THROUGH_WATER, 7, SPEEDS],
  ],
};

const lettersOf = (list: Units): string[] =>
  list.flatMap((conversion, code) => (conversion === undefined ? [] : [String.fromCharCode(code)]));

/** True where the field has a value, be it good or refused. */
export const readColumn = (sentence: Sentence, column: Column, sink: Sink, source: number): boolean => {
  const [quantity, field, units] = column;
  if (sentence.isEmpty(field)) return false;
  const by = units[0] ?? units[sentence.code(field + 1)];
  if (by === undefined) {
    const letters = lettersOf(units).join(' or ');
    const found = shown(sentence.field(field + 1));
    sink.refuse(refuse('object-malformed', `the unit of ${quantity.name} is ${found}, not ${letters}`));
  } else if (sentence.scan(field)) sink.measure(quantity, sentence.number, by, source);
  else sink.refuse(refuseNumber(quantity.name, sentence.field(field)));
  return true;
};

/** False where nothing in it has a value. */
export const readColumns = (
  sentence: Sentence,
  columns: readonly Column[],
  sink: Sink,
  source: number,
): boolean => {
  let told: Quantity | undefined;
  for (const column of columns) {
    if (column[0] !== told && readColumn(sentence, column, sink, source)) told = column[0];
  }
  return told !== undefined;
};

/** MWV: angle, R or T, speed, its unit, A for valid. */
const ANGLE = alone(DEGREE);
const RELATIVE: readonly Column[] = [
  [q.RELATIVE_WIND_ANGLE, 1, ANGLE],
  [q.RELATIVE_WIND_SPEED, 3, SPEEDS],
];
const THEORETICAL: readonly Column[] = [
  [q.TRUE_WIND_ANGLE, 1, ANGLE],
  [q.TRUE_WIND_SPEED, 3, SPEEDS],
];

const VALID = 65; // A
const FROM_BOW = 82; // R
const TRUE_WIND = 84; // T

export const readMwv = (sentence: Sentence, sink: Sink, source: number): boolean => {
  const reference = sentence.code(2);
  if (sentence.code(5) !== VALID) {
    sink.refuse(refuse('device-failed', 'MWV says that its wind is not valid: look at the sensor'));
  } else if (reference === FROM_BOW || reference === TRUE_WIND) {
    return readColumns(sentence, reference === FROM_BOW ? RELATIVE : THEORETICAL, sink, source);
  } else {
    sink.refuse(
      refuse('object-malformed', `the wind of MWV refers to ${shown(sentence.field(2))}, not R or T`),
    );
  }
  return true;
};
