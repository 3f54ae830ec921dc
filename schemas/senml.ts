/**
 * Readings: SenML (RFC 8428) with everything taken out that the lease already says.
 *
 *     [ seq, { 2: 4([-2, 2153]) } ]                   v, a number
 *     [ seq, { 3: "open" } ]  [ seq, { 4: true } ]    vs, vb
 *     [ seq, { 2: 812, 6: 4([-2, 25]) } ]             t, 0.25 s after its place in the grid
 *
 * Name, unit, base time and period are fixed by the lease and reading `seq` is due at
 * `baseTimeMs + (seq - 1) * periodMs`; t is there only where the reading is off that grid. The exported
 * form is a SenML pack that needs no lease to be read.
 */

import { type Cbor, CborMap, decodeCbor, encodeCbor } from './cbor.ts';
import { type Decimal, decimalItem, decimalOf, decimalOfItem, decimalToText } from './decimal.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';
import { isUnit } from './unit.ts';

export type Value = Decimal | string | boolean;
export type Reading = { readonly seq: number; readonly value: Value; readonly offsetMs: number };

/** What a lease fixes for its readings. */
export type Series = {
  readonly baseName: string;
  readonly unit: string;
  readonly baseTimeMs: number;
  readonly periodMs: number;
};

/** seq is a u32 in the hash chain of readings, and the first reading is 1. */
export const SEQ_MAX = 4294967295;
/** A text reading is a line of an instrument (NMEA 0183: 82) or a small JSON value: UTF-16 units. */
export const VALUE_TEXT_MAX = 1024;
/** Ten years: no lease without a grid (period 0) lasts longer. */
export const OFFSET_MS_MAX = 315360000000;
/** So that every pack stays within the maxima of `cbor.ts` (at most 14 items in a record). */
export const PACK_READINGS_MAX = 256;

/** Labels of RFC 8428 section 6. */
const LABEL_BASE_NAME = -2;
const LABEL_BASE_TIME = -3;
const LABEL_BASE_UNIT = -4;
const LABEL_VALUE = 2;
const LABEL_TEXT = 3;
const LABEL_BOOLEAN = 4;
const LABEL_TIME = 6;

/** SenML takes a time below 2^28 s (July 1978) as relative to now (RFC 8428 section 4.5.3). */
const ABSOLUTE_TIME_MS_MIN = 268435456000;
/** The end of the year 9999: what is later is a mistake, and would not fit 53 bits much longer. */
const ABSOLUTE_TIME_MS_MAX = 253402300799999;

type Pair = readonly [Cbor, Cbor];

const valuePair = (value: Value): Pair => {
  if (typeof value === 'boolean') return [LABEL_BOOLEAN, value];
  if (typeof value === 'string') return [LABEL_TEXT, value];
  return [LABEL_VALUE, decimalItem(value)];
};

const secondsOf = (timeMs: number): Decimal => decimalOf(timeMs, -3);

/** Throws on a reading out of range: a programmer's error. At most 34 bytes for a number. */
export const encodeReading = (reading: Reading): Uint8Array => {
  const pairs: Pair[] = [valuePair(reading.value)];
  if (!(reading.seq >= 1 && reading.seq <= SEQ_MAX)) throw new RangeError('reading with seq ' + reading.seq);
  if (!(Math.abs(reading.offsetMs) <= OFFSET_MS_MAX))
    throw new RangeError('reading off the grid by ' + reading.offsetMs + ' ms');
  if (typeof reading.value === 'string' && reading.value.length > VALUE_TEXT_MAX)
    throw new RangeError('reading with a text of ' + reading.value.length);
  if (reading.offsetMs !== 0) pairs.push([LABEL_TIME, decimalItem(secondsOf(reading.offsetMs))]);
  return encodeCbor([reading.seq, new CborMap(pairs)]);
};

const valueOfPair = (label: Cbor, item: Cbor): Result<Value> => {
  if (label === LABEL_VALUE) return decimalOfItem(item);
  if (label === LABEL_BOOLEAN && typeof item === 'boolean') return ok(item);
  if (label !== LABEL_TEXT || typeof item !== 'string')
    return refuse('object-malformed', 'a reading carries one of v (2), vs (3) or vb (4)');
  if (item.length <= VALUE_TEXT_MAX) return ok(item);
  return refuse('value-out-of-range', 'a text reading has at most ' + VALUE_TEXT_MAX + ' characters');
};

const offsetOf = (item: Cbor): Result<number> => {
  const seconds = decimalOfItem(item);
  if (!seconds.ok) return seconds;
  let offsetMs = seconds.value.mantissa;
  let power = seconds.value.exponent + 3;
  while (power > 0 && Math.abs(offsetMs) <= OFFSET_MS_MAX) {
    offsetMs *= 10;
    power--;
  }
  if (power === 0 && offsetMs !== 0 && Math.abs(offsetMs) <= OFFSET_MS_MAX) return ok(offsetMs);
  return refuse('value-out-of-range', 't is whole milliseconds, not zero, within ' + OFFSET_MS_MAX + ' ms');
};

/** Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeReading = (bytes: Uint8Array): Result<Reading> => {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return decoded;
  const item = decoded.value;
  const record = Array.isArray(item) && item.length === 2 ? item[1] : null;
  if (!Array.isArray(item) || !(record instanceof CborMap))
    return refuse('object-malformed', 'a reading is [seq, {value}]');
  const seq = item[0];
  if (typeof seq !== 'number' || seq < 1 || seq > SEQ_MAX)
    return refuse('value-out-of-range', 'a reading has a seq from 1 to ' + SEQ_MAX);
  const first = record.pairs[0];
  const second = record.pairs[1];
  if (first === undefined || record.pairs.length > 2 || (second !== undefined && second[0] !== LABEL_TIME))
    return refuse('object-malformed', 'a reading carries one value and at most t (6)');
  const value = valueOfPair(first[0], first[1]);
  if (!value.ok) return value;
  const offset = second === undefined ? ok(0) : offsetOf(second[1]);
  if (!offset.ok) return offset;
  return ok({ seq: seq, value: value.value, offsetMs: offset.value });
};

/** When the reading was due or, off the grid, taken: milliseconds since 1970. */
export const readingTimeMs = (series: Series, reading: Reading): number =>
  series.baseTimeMs + (reading.seq - 1) * series.periodMs + reading.offsetMs;

/** A SenML name: letters, digits and - : . / _, the first a letter or digit (RFC 8428 section 4.5.1). */
export const isSenmlName = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    const alphanumeric =
      (letter >= 'a' && letter <= 'z') ||
      (letter >= 'A' && letter <= 'Z') ||
      (letter >= '0' && letter <= '9');
    if (!alphanumeric && (i === 0 || '-:./_'.indexOf(letter) < 0)) return false;
  }
  return text.length > 0;
};

const refusalOf = (series: Series, readings: readonly Reading[]): Refusal | undefined => {
  if (!isSenmlName(series.baseName))
    return refuse('value-out-of-range', '"' + series.baseName + '" is no SenML name');
  if (!isUnit(series.unit)) return refuse('value-out-of-range', '"' + series.unit + '" is no unit of SenML');
  if (series.baseTimeMs < ABSOLUTE_TIME_MS_MIN)
    return refuse('value-out-of-range', 'SenML takes times before 1978-07-04 as relative');
  for (const reading of readings) {
    if (readingTimeMs(series, reading) > ABSOLUTE_TIME_MS_MAX)
      return refuse('value-out-of-range', 'reading ' + reading.seq + ' is due after the year 9999');
  }
  if (readings.length > 0 && readings.length <= PACK_READINGS_MAX) return undefined;
  return refuse('value-out-of-range', 'a pack carries 1 to ' + PACK_READINGS_MAX + ' readings');
};

/** A SenML-CBOR pack that needs no lease. Code: value-out-of-range. */
export const exportPack = (series: Series, readings: readonly Reading[]): Result<Uint8Array> => {
  const refusal = refusalOf(series, readings);
  if (refusal !== undefined) return refusal;
  const records: CborMap[] = [];
  for (const reading of readings) {
    const pairs: Pair[] = [valuePair(reading.value)];
    if (records.length === 0) {
      pairs.push([LABEL_BASE_NAME, series.baseName], [LABEL_BASE_UNIT, series.unit]);
      pairs.push([LABEL_BASE_TIME, decimalItem(secondsOf(series.baseTimeMs))]);
    }
    const t = secondsOf(readingTimeMs(series, reading) - series.baseTimeMs);
    if (t.mantissa !== 0) pairs.push([LABEL_TIME, decimalItem(t)]);
    records.push(new CborMap(pairs));
  }
  return ok(encodeCbor(records));
};

/** The same pack as SenML-JSON, one record a line. Code: value-out-of-range. */
export const exportJson = (series: Series, readings: readonly Reading[]): Result<string> => {
  const refusal = refusalOf(series, readings);
  if (refusal !== undefined) return refusal;
  const base =
    '"bn":' +
    JSON.stringify(series.baseName) +
    ',"bt":' +
    decimalToText(secondsOf(series.baseTimeMs)) +
    ',"bu":' +
    JSON.stringify(series.unit) +
    ',';
  const records: string[] = [];
  for (const reading of readings) {
    const value = reading.value;
    const t = secondsOf(readingTimeMs(series, reading) - series.baseTimeMs);
    const time = t.mantissa === 0 ? '' : '"t":' + decimalToText(t) + ',';
    const field =
      typeof value === 'boolean'
        ? '"vb":' + value
        : typeof value === 'string'
          ? '"vs":' + JSON.stringify(value)
          : '"v":' + decimalToText(value);
    records.push('{' + (records.length === 0 ? base : '') + time + field + '}');
  }
  return ok('[' + records.join(',\n') + ']');
};
