/** Position and time: RMC, GGA, ZDA. */

import { refuse } from '../../../schemas/result.ts';
import { convert, POWERS, restOf, times } from '../conversion.ts';
import { type Quantity, type Sink, shown } from '../format.ts';
import { KNOT } from '../units.ts';
import { alone, type Column, readColumn } from './columns.ts';
import * as q from './quantities.ts';
import type { Sentence } from './sentence.ts';

const MINUTE_OF_ARC = times('deg', 1, 60);
const AS_IT_IS = times('deg', 1);

const SPEED: Column = [q.SPEED_OVER_GROUND, 7, alone(KNOT)];
const COURSE: Column = [q.COURSE_OVER_GROUND, 8, alone(AS_IT_IS)];
const SATELLITES: Column = [q.SATELLITES, 7, alone(AS_IT_IS)];
const ALTITUDE: Column = [q.ALTITUDE, 9, alone(AS_IT_IS)];

/** dddmm and as many decimals are 15 digits, which a number holds. */
const DECIMALS_MAX = 10;

/** 'dddmm.mmm' in units of 10^exponent degrees; undefined where it is none. */
const degreesOf = (sentence: Sentence, field: number, toExponent: number): number | undefined => {
  if (!sentence.scan(field)) return undefined;
  const { mantissa, exponent } = sentence.number;
  if (typeof mantissa !== 'number' || mantissa < 0 || exponent > 0 || exponent < -DECIMALS_MAX)
    return undefined;
  const perMinute = POWERS[-exponent]!;
  const minutes = restOf(mantissa, 100 * perMinute);
  const fraction = convert(minutes, exponent, MINUTE_OF_ARC, toExponent);
  if (minutes >= 60 * perMinute || fraction === undefined) return undefined;
  return ((mantissa - minutes) / (100 * perMinute)) * POWERS[-toExponent]! + fraction;
};

/** The sign is in the field behind: one of the two letters. */
const readAngle = (
  sentence: Sentence,
  quantity: Quantity,
  field: number,
  letters: string,
  sink: Sink,
  source: number,
): boolean => {
  if (sentence.isEmpty(field)) return false;
  const side = letters.indexOf(sentence.letter(field + 1) || '?');
  const degrees = degreesOf(sentence, field, quantity.exponent);
  if (degrees === undefined || side < 0) {
    const said = shown(`${sentence.field(field)},${sentence.field(field + 1)}`);
    const form = `dddmm.mmm with ${letters.charAt(0)} or ${letters.charAt(1)}`;
    sink.refuse(refuse('object-malformed', `${quantity.name} is ${said}, not ${form}`));
    return true;
  }
  sentence.number.mantissa = side === 0 ? degrees : 0 - degrees;
  sentence.number.exponent = quantity.exponent;
  sink.measure(quantity, sentence.number, AS_IT_IS, source);
  return true;
};

const readPosition = (sentence: Sentence, field: number, sink: Sink, source: number): boolean => {
  const hasLatitude = readAngle(sentence, q.LATITUDE, field, 'NS', sink, source);
  return readAngle(sentence, q.LONGITUDE, field + 2, 'EW', sink, source) || hasLatitude;
};

/** Milliseconds of the day of hhmmss or hhmmss.sss, cut, as a clock shows them; 60 is a leap second; NaN. */
const timeOfDayMs = (sentence: Sentence, field: number): number => {
  if (!sentence.scan(field)) return Number.NaN;
  const { mantissa, exponent } = sentence.number;
  if (typeof mantissa !== 'number' || exponent > 0 || exponent < -DECIMALS_MAX) return Number.NaN;
  if (sentence.length(field) !== (exponent === 0 ? 6 : 7 - exponent)) return Number.NaN;
  const perSecond = POWERS[-exponent]!;
  const fraction = restOf(mantissa, perSecond);
  const clock = ((mantissa - fraction) / perSecond) | 0; // of small integers % is ten times faster
  const seconds = clock % 100;
  const minutes = ((clock - seconds) / 100) % 100;
  const hours = Math.floor(clock / 10_000);
  if (hours > 23 || minutes > 59 || seconds > 60) return Number.NaN;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor((fraction * 1000) / perSecond);
};

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** A field of so many digits and nothing else; NaN. */
const wholeOf = (sentence: Sentence, field: number, digits: number): number => {
  const isWhole = sentence.length(field) === digits && sentence.scan(field) && sentence.number.exponent === 0;
  return isWhole ? (sentence.number.mantissa as number) : Number.NaN;
};

/** NaN where there is no such day. */
const dayMs = (year: number, month: number, day: number): number => {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days ? Date.UTC(year, month - 1, day) : Number.NaN;
};

/** `fields` are where the sentence says them, for a person. */
const tellTime = (
  sentence: Sentence,
  ms: number,
  fields: readonly number[],
  sink: Sink,
  source: number,
): void => {
  if (Number.isNaN(ms)) {
    const said = shown(fields.map((field) => sentence.field(field)).join(' '));
    sink.refuse(refuse('object-malformed', `utc-time is ${said}, which is no date and time`));
    return;
  }
  sentence.number.mantissa = ms;
  sentence.number.exponent = q.UTC_TIME.exponent;
  sink.measure(q.UTC_TIME, sentence.number, AS_IT_IS, source);
};

/** Two digits of a year: receivers of this protocol are younger than 1980. */
const CENTURY_TURNS = 80;
const RMC_TIME = [9, 1];
const ZDA_TIME = [4, 3, 2, 1];

/** No fix; what somebody entered; what is made up. */
const UNMEASURED_MODES = 'NMS';

/** time, status, latitude, N/S, longitude, E/W, knots, course, ddmmyy, variation, E/W, mode. */
export const readRmc = (sentence: Sentence, sink: Sink, source: number): boolean => {
  const mode = sentence.letter(12);
  if (sentence.letter(2) !== 'A' || (mode !== '' && UNMEASURED_MODES.includes(mode))) {
    const said = `status ${shown(sentence.field(2))}, mode ${shown(mode)}`;
    sink.refuse(refuse('device-failed', `RMC has no measured position (${said}): does it see the sky?`));
    return true;
  }
  const hasPosition = readPosition(sentence, 3, sink, source);
  const hasSpeed = readColumn(sentence, SPEED, sink, source);
  const hasCourse = readColumn(sentence, COURSE, sink, source);
  const hasTime = !sentence.isEmpty(1) && !sentence.isEmpty(9);
  if (hasTime) {
    const date = wholeOf(sentence, 9, 6);
    const year = date % 100;
    const month = Math.floor(date / 100) % 100;
    const day = dayMs(year + (year < CENTURY_TURNS ? 2000 : 1900), month, Math.floor(date / 10_000));
    tellTime(sentence, day + timeOfDayMs(sentence, 1), RMC_TIME, sink, source);
  }
  return hasPosition || hasSpeed || hasCourse || hasTime;
};

/** No fix; what somebody entered; what is made up. */
const UNMEASURED_QUALITIES = '078';

/** time, latitude, N/S, longitude, E/W, quality, satellites, dilution, altitude, M, geoid, M, age, station. */
export const readGga = (sentence: Sentence, sink: Sink, source: number): boolean => {
  const quality = sentence.letter(6);
  if (quality === '' || UNMEASURED_QUALITIES.includes(quality)) {
    const said = `quality ${shown(sentence.field(6))}`;
    sink.refuse(refuse('device-failed', `GGA has no measured position (${said}): does it see the sky?`));
    return true;
  }
  const hasPosition = readPosition(sentence, 2, sink, source);
  const hasSatellites = readColumn(sentence, SATELLITES, sink, source);
  const hasAltitude = readColumn(sentence, ALTITUDE, sink, source);
  return hasPosition || hasSatellites || hasAltitude;
};

/** time, day, month, year, local zone. */
export const readZda = (sentence: Sentence, sink: Sink, source: number): boolean => {
  if (sentence.isEmpty(1) || sentence.isEmpty(4)) return false;
  const day = dayMs(wholeOf(sentence, 4, 4), wholeOf(sentence, 3, 2), wholeOf(sentence, 2, 2));
  tellTime(sentence, day + timeOfDayMs(sentence, 1), ZDA_TIME, sink, source);
  return true;
};
