/** A source by a declaration: which topics carry what, and how it is set. */

import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { isSenmlName } from '../../schemas/senml.ts';
import { type Json, jsonText, readJson } from '../json.ts';
import { followPointer, parsePointer } from '../json-pointer.ts';
import { isFilter, isTopic, matches } from '../mqtt/filter.ts';
import { type Measure, quantity } from '../quantity.ts';
import { primaryUnit } from '../units.ts';
import { settable } from './output.ts';
import { type Finding, indexOfWord, type Message, type Output, type Sensor, type Source } from './source.ts';
import { isTemplate, readTemplate } from './template.ts';

/** Where in a message a text stands. */
export type Place = {
  /** A topic, or a filter with "+" and "#". */
  readonly topic: string;
  /** JSON pointer; without one the payload is the text itself. */
  readonly pointer?: string | undefined;
  /** Of the text, as `template.ts` says; without one the whole text is meant. */
  readonly template?: string | undefined;
};

export type SensorMapping = Place &
  Measure & {
    readonly name: string;
    readonly kind: string;
    /** Words for 0, 1 and so on: closed, open. */
    readonly words?: readonly string[] | undefined;
  };

export type OutputMapping = {
  readonly name: string;
  readonly kind: string;
  /** SenML unit; "/" for a switch. */
  readonly unit: string;
  /** Where its commands are published. */
  readonly topic: string;
  /** A template for the payload; "{}" if it is the value alone. */
  readonly payload?: string | undefined;
  /** What is put in for 0, 1 and so on; without them the number itself. */
  readonly words?: readonly string[] | undefined;
  /** A value is an integer from `min` to `max`, times 10^exponent. 0 to 1 unless there are more words. */
  readonly exponent?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Where it says what it is set to. */
  readonly state?: Place | undefined;
};

export type AvailabilityMapping = Place & { readonly online: string; readonly offline: string };

export type Mapping = {
  readonly sensors: readonly SensorMapping[];
  readonly outputs: readonly OutputMapping[];
  readonly availability?: AvailabilityMapping | undefined;
};

/** Text of a message at a place, or why there is none. */
type Look = (message: Message, json: () => Result<Json>) => Result<string>;
/** One line of the declaration: which messages it is about, and what it finds in one. */
type Entry = {
  readonly filter: string;
  readonly find: (message: Message, json: () => Result<Json>) => Finding;
};

const invalid = (detail: string): Refusal => refuse('config-invalid', detail);

const lookAt = (name: string, { topic, pointer, template }: Place): Result<Look> => {
  if (!isFilter(topic))
    return invalid(`${name}: "${topic}" is no topic, and no filter with + or # as levels`);
  if (template !== undefined && !isTemplate(template))
    return invalid(`${name}: the template "${template}" must have one {} where the value stands`);
  const tokens = pointer === undefined ? ok(undefined) : parsePointer(pointer);
  if (!tokens.ok) return invalid(`${name}: ${tokens.detail}`);
  return ok((message, json) => {
    const whole = tokens.value === undefined ? ok(message.payload.trim()) : textAt(json(), tokens.value);
    return whole.ok && template !== undefined ? readTemplate(template, whole.value) : whole;
  });
};

const textAt = (json: Result<Json>, tokens: readonly string[]): Result<string> => {
  if (!json.ok) return json;
  const found = followPointer(json.value, tokens);
  if (!found.ok) return found;
  const text = found.value === null ? 'null' : jsonText(found.value);
  return text === undefined
    ? refuse('object-malformed', `/${tokens.join('/')} is no single value: point further`)
    : ok(text);
};

const refused = (name: string, refusal: Refusal): Finding => ({
  type: 'refused',
  refusal: refuse(refusal.code, `${name}: ${refusal.detail}`),
});

const sensorEntry = (mapping: SensorMapping): Result<{ readonly sensor: Sensor; readonly entry: Entry }> => {
  const { name, kind, words = [] } = mapping;
  const unit = primaryUnit(mapping.unit);
  if (!unit.ok) return invalid(`${name}: ${unit.detail}`);
  const look = lookAt(name, mapping);
  if (!look.ok) return look;
  const sensor: Sensor = { name, kind, measure: mapping };
  const find: Entry['find'] = (message, json) => {
    const text = look.value(message, json);
    if (!text.ok) return refused(name, text);
    const index = indexOfWord(words, text.value);
    return { type: 'value', sensor, text: index === undefined ? text.value : String(index) };
  };
  return ok({ sensor, entry: { filter: mapping.topic, find } });
};

const stateEntry = (output: Output, words: readonly string[], place: Place): Result<Entry> => {
  const look = lookAt(output.name, place);
  if (!look.ok) return look;
  const find: Entry['find'] = (message, json) => {
    const text = look.value(message, json);
    if (!text.ok) return refused(output.name, text);
    return { type: 'state', name: output.name, value: settingOf(output, words, text.value) };
  };
  return ok({ filter: place.topic, find });
};

const settingOf = (output: Output, words: readonly string[], text: string): number | undefined => {
  if (words.length > 0) return indexOfWord(words, text);
  const value = quantity(text, { unit: output.unit, exponent: output.exponent });
  return value.ok ? value.value.mantissa * 10 ** (value.value.exponent - output.exponent) : undefined;
};

const outputOf = (mapping: OutputMapping): Result<Output> => {
  const { name, kind, unit, topic, payload = '{}', words = [], exponent = 0, min = 0 } = mapping;
  if (!isTopic(topic))
    return invalid(`${name}: "${topic}" is no topic to publish to: write it without + and #`);
  if (!isTemplate(payload))
    return invalid(`${name}: the payload "${payload}" must have one {} where the value stands`);
  const max = mapping.max ?? Math.max(1, words.length - 1);
  if (min > max || (words.length > 0 && max >= words.length))
    return invalid(`${name}: values from ${min} to ${max} do not fit its words: name one for each`);
  const confirmed = mapping.state !== undefined;
  return ok(settable({ name, kind, unit, exponent, min, max, topic, confirmed }, words, payload));
};

const availabilityEntry = (mapping: AvailabilityMapping): Result<Entry> => {
  const look = lookAt('availability', mapping);
  if (!look.ok) return look;
  const find: Entry['find'] = (message, json) => {
    const text = look.value(message, json);
    if (!text.ok) return refused('availability', text);
    const index = indexOfWord([mapping.offline, mapping.online], text.value);
    if (index === undefined)
      return refused('availability', refuse('object-malformed', `"${text.value}" is neither of its words`));
    return { type: 'presence', online: index === 1, detail: `${message.topic} says ${text.value}` };
  };
  return ok({ filter: mapping.topic, find });
};

type Parts = { readonly entries: Entry[]; readonly known: Finding[] };

/** Adds what the lines say. The first line that is wrong, if one is. */
const declare = (mapping: Mapping, { entries, known }: Parts): Refusal | undefined => {
  const names = [...mapping.sensors, ...mapping.outputs].map((one) => one.name);
  for (const [i, name] of names.entries()) {
    if (!isSenmlName(name))
      return invalid(`"${name}" must be letters, digits and -:./_, the first a letter or digit`);
    if (names.indexOf(name) !== i) return invalid(`"${name}" stands twice: names must differ`);
  }
  for (const line of mapping.sensors) {
    const made = sensorEntry(line);
    if (!made.ok) return made;
    entries.push(made.value.entry);
    known.push({ type: 'value', sensor: made.value.sensor, text: null });
  }
  for (const line of mapping.outputs) {
    const output = outputOf(line);
    if (!output.ok) return output;
    known.push({ type: 'output', output: output.value });
    if (line.state === undefined) continue;
    const state = stateEntry(output.value, line.words ?? [], line.state);
    if (!state.ok) return state;
    entries.push(state.value);
  }
  if (mapping.availability === undefined) return undefined;
  const availability = availabilityEntry(mapping.availability);
  if (!availability.ok) return availability;
  entries.push(availability.value);
  return undefined;
};

/** Code: config-invalid (names the line and what is wrong with it). */
export const mappingSource = (mapping: Mapping): Result<Source> => {
  const entries: Entry[] = [];
  const known: Finding[] = [];
  const wrong = declare(mapping, { entries, known });
  if (wrong !== undefined) return wrong;
  return ok({
    board: 'mqtt',
    filters: [...new Set(entries.map((entry) => entry.filter))],
    known,
    mustSpeak: mapping.availability !== undefined,
    silenceMs: 0,
    reset: () => {},
    read: (message) => {
      let read: Result<Json> | undefined; // once, however many point into it
      const json = (): Result<Json> => {
        read ??= readJson(message.payload);
        return read;
      };
      return entries
        .filter((entry) => matches(entry.filter, message.topic))
        .map((entry) => entry.find(message, json));
    },
  });
};
