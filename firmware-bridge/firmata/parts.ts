/**
 * What is wired to a Firmata board: classes of johnny-five with their options, as sensors and outputs of ours.
 * What a class is usually read or set by stands in the tables below; everything can be said anew.
 */

import type { Decimal } from '../../schemas/decimal.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type Capability, PERIOD_MS_MAX } from '../../schemas/serial.ts';
import { isUnit } from '../../schemas/unit.ts';
import { nearest } from '../nearest.ts';
import { primaryUnit } from '../units.ts';

/** As johnny-five's documentation has them: pin, controller, address, invert, pullup and so on. */
export type PartOptions = Readonly<Record<string, unknown>>;

type Part = {
  readonly name: string;
  readonly kind: string;
  /** A class of johnny-five: Thermometer, Led.RGB. */
  readonly class: string;
  readonly options: PartOptions;
};

/** A reading is `(property - zero) * scale` in `unit`, rounded half to even to `exponent`. */
export type FirmataSensor = Part & {
  /** `celsius`; `thermometer.celsius` of a class that has several. */
  readonly property?: string | undefined;
  /** Of the property: SenML, or what converts to it (kPa). */
  readonly unit?: string | undefined;
  readonly exponent?: number | undefined;
  readonly zero?: Decimal | undefined;
  readonly scale?: Decimal | undefined;
  /** 0: a reading at each change. */
  readonly periodMs: number;
};

/** A command calls a method: one for each value, or one that takes the value, from `min` to `max`. */
export type FirmataOutput = Part & {
  readonly unit?: string | undefined;
  readonly exponent?: number | undefined;
  readonly method?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Methods of the values 0, 1 and so on. */
  readonly values?: readonly string[] | undefined;
};

type Read = { readonly property: string; readonly unit: string; readonly exponent: number };
type Call = { readonly unit: string } & (
  | { readonly values: readonly string[] }
  | { readonly method: string; readonly min: number; readonly max: number }
);

const READS: ReadonlyMap<string, Read> = new Map([
  ['Altimeter', { property: 'meters', unit: 'm', exponent: -1 }],
  ['Barometer', { property: 'pressure', unit: 'kPa', exponent: 0 }],
  ['Button', { property: 'value', unit: '/', exponent: 0 }],
  ['Compass', { property: 'heading', unit: 'deg', exponent: 0 }],
  ['Hygrometer', { property: 'relativeHumidity', unit: '%RH', exponent: -1 }],
  ['Light', { property: 'level', unit: '/', exponent: -2 }],
  ['Motion', { property: 'detectedMotion', unit: '/', exponent: 0 }],
  ['Proximity', { property: 'cm', unit: 'cm', exponent: -2 }],
  ['Sensor', { property: 'value', unit: '/', exponent: 0 }],
  ['Sensor.Digital', { property: 'value', unit: '/', exponent: 0 }],
  ['Switch', { property: 'isClosed', unit: '/', exponent: 0 }],
  ['Thermometer', { property: 'celsius', unit: 'Cel', exponent: -2 }],
]);

const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['Led', { unit: '/', values: ['off', 'on'] }],
  ['Relay', { unit: '/', values: ['open', 'close'] }],
  ['Motor', { unit: '/', method: 'start', min: 0, max: 255 }],
  ['Servo', { unit: 'deg', method: 'to', min: 0, max: 180 }],
]);

/** Each its own channel; a board of ours has as many. */
const PARTS_MAX = 16;
/** Twice what StandardFirmata needs for its slowest sampling. */
export const PERIOD_MS_MIN = 10;

export type Reader = FirmataSensor & Read & { readonly capability: Capability };
export type Caller = FirmataOutput & { readonly call: Call; readonly capability: Capability };
export type Parts = { readonly readers: readonly Reader[]; readonly callers: readonly Caller[] };

/** With what the tables know filled in. Codes: config-invalid (names the part, the value and the remedy). */
export const partsOf = (
  sensors: readonly FirmataSensor[],
  outputs: readonly FirmataOutput[],
): Result<Parts> => {
  const names = [...sensors, ...outputs].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return invalid(twice, 'there are two of this name: each needs its own');
  if (names.length === 0 || names.length > PARTS_MAX)
    return refuse('config-invalid', `a board has 1 to ${PARTS_MAX} sensors and outputs, not ${names.length}`);
  const readers: Reader[] = [];
  for (const sensor of sensors) {
    const reader = readerOf(sensor, readers.length);
    if (!reader.ok) return reader;
    readers.push(reader.value);
  }
  const callers: Caller[] = [];
  for (const output of outputs) {
    const caller = callerOf(output, sensors.length + callers.length);
    if (!caller.ok) return caller;
    callers.push(caller.value);
  }
  return ok({ readers, callers });
};

const invalid = (name: string, detail: string): ReturnType<typeof refuse> =>
  refuse('config-invalid', `${name}: ${detail}`);

/** `did you mean Sensor? Else `, where a class that is known is near. */
const meant = (word: string, known: ReadonlyMap<string, unknown>): string => {
  const near = nearest(word, [...known.keys()]);
  return near === undefined || near === word ? '' : `did you mean ${near}? Else `;
};

const readerOf = (sensor: FirmataSensor, channel: number): Result<Reader> => {
  const { name, kind, periodMs } = sensor;
  const usual = READS.get(sensor.class);
  const property = sensor.property ?? usual?.property;
  const unit = sensor.unit ?? usual?.unit;
  if (property === undefined || unit === undefined) {
    const missing = property === undefined ? 'property' : 'unit';
    return invalid(
      name,
      `${sensor.class} has no usual ${missing}: ${meant(sensor.class, READS)}name the one to read`,
    );
  }
  const primary = primaryUnit(unit);
  if (!primary.ok) return invalid(name, primary.detail);
  if (periodMs !== 0 && (periodMs < PERIOD_MS_MIN || periodMs > PERIOD_MS_MAX))
    return invalid(name, `periodMs ${periodMs}: 0 for each change, or ${PERIOD_MS_MIN} to ${PERIOD_MS_MAX}`);
  const exponent = sensor.exponent ?? usual?.exponent ?? 0;
  const capability = {
    ...{ channel, name, kind, unit: primary.value, exponent },
    ...{ direction: 'sensor' as const, periodMs },
  };
  return ok({ ...sensor, property, unit, exponent, capability });
};

const callerOf = (output: FirmataOutput, channel: number): Result<Caller> => {
  const { name, kind, method, values } = output;
  const usual = CALLS.get(output.class);
  const unit = output.unit ?? usual?.unit ?? '/';
  if (!isUnit(unit)) return invalid(name, `"${unit}" is no unit of SenML, such as /, deg or %`);
  const call = callOf(output, unit, usual);
  if (call === undefined) {
    const remedy = "name a method with min and max, or the values' methods";
    const detail = `${output.class} has no usual method: ${meant(output.class, CALLS)}${remedy}`;
    return invalid(
      name,
      method !== undefined && values !== undefined ? 'a method or values, not both' : detail,
    );
  }
  const capability = {
    ...{ channel, name, kind, unit, exponent: output.exponent ?? 0 },
    ...{ direction: 'actuator' as const, periodMs: 0 },
  };
  return ok({ ...output, call, capability });
};

const callOf = (output: FirmataOutput, unit: string, usual: Call | undefined): Call | undefined => {
  const { method, values, min, max } = output;
  if (method !== undefined && values !== undefined) return undefined;
  if (values !== undefined) return { unit, values };
  const known = usual !== undefined && 'method' in usual ? usual : undefined;
  if (method === undefined)
    return known === undefined ? usual : { ...known, min: min ?? known.min, max: max ?? known.max };
  const limits = { min: min ?? known?.min, max: max ?? known?.max };
  if (limits.min === undefined || limits.max === undefined) return undefined;
  return { unit, method, min: limits.min, max: limits.max };
};

/** Classes that are neither sensor nor output. */
const NO_PARTS = new Set(['Animation', 'Board', 'Boards', 'Collection', 'Expander', 'Fn', 'Repl']);

type Constructor = new (options: object) => object;

/** A class of johnny-five by its name. Codes: config-invalid (says which are near). */
export const classOf = (five: object, part: { name: string; class: string }): Result<Constructor> => {
  const [outer = '', inner] = part.class.split('.');
  const found = NO_PARTS.has(outer) ? undefined : at(five, outer);
  const made = inner === undefined ? found : at(found, inner);
  if (typeof made === 'function' && /^[A-Z]/.test(inner ?? outer)) return ok(made as Constructor);
  const names = Object.keys(five).filter((name) => !NO_PARTS.has(name));
  return invalid(part.name, `johnny-five has no class ${part.class}${suggestion(part.class, names)}`);
};

/** `: did you mean X?`, or what there is. */
export const suggestion = (word: string, words: readonly string[]): string => {
  const near = nearest(word, words);
  return near === undefined ? `, it has: ${words.join(', ')}` : `: did you mean ${near}?`;
};

const at = (value: unknown, key: string): unknown =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined
    : undefined;
