/**
 * What fields of a line mean, said by a configuration: a text under a name becomes a quantity. The format says
 * what a name is: a key, a column, a JSON pointer, a field of a sentence.
 */

import { CAPABILITIES_MAX } from '../../schemas/profile.ts';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { isSenmlName } from '../../schemas/senml.ts';
import { type Measure, quantity } from '../quantity.ts';
import { primaryUnit } from '../units.ts';
import { times } from './conversion.ts';
import { DecimalScanner } from './decimal-scanner.ts';
import { type Quantity, type Sink, shown } from './format.ts';

/** `unit`, `scale`, `min` and `max` are of what the instrument writes. */
export type Mapping = Measure & {
  /** Where the value stands. */
  readonly field: string;
  readonly name: string;
  readonly kind: string;
  /** Readings are rounded to this power of ten of the SenML unit: -2 for hundredths. */
  readonly exponent: number;
  /** What stands behind the number, such as C in 21.5C; a value without it is refused. */
  readonly suffix?: string | undefined;
  /** Texts that mean that there is no value: '--', '///'. An empty text always does. */
  readonly none?: readonly string[] | undefined;
};

/** As `schemas/serial.ts`: what a board may say of itself. */
const EXPONENT_MAX = 12;
const NAME_LENGTH_MAX = 64;
const SAFE = Number.MAX_SAFE_INTEGER;

/** A mapping, checked and ready. */
export class MappedField {
  readonly field: string;
  readonly quantity: Quantity;
  readonly #measure: Measure;
  readonly #suffix: string;
  readonly #none: readonly string[];
  readonly #number = new DecimalScanner();

  /** `unit` is the SenML unit that the instrument's becomes. */
  constructor(mapping: Mapping, unit: string) {
    const { field, name, kind, exponent, suffix = '', none = [] } = mapping;
    this.field = field;
    this.quantity = { name, kind, unit, exponent, min: -SAFE, max: SAFE };
    this.#measure = mapping;
    this.#suffix = suffix;
    this.#none = ['', ...none];
  }

  /** False where the text says that there is no value. */
  read(written: string, sink: Sink): boolean {
    const text = written.trim();
    if (this.#none.includes(text)) return false;
    const { name } = this.quantity;
    if (!text.endsWith(this.#suffix)) {
      const reason = `${name} is ${shown(text)}, without the suffix ${shown(this.#suffix)}`;
      sink.refuse(refuse('object-malformed', reason));
      return true;
    }
    const number = text.slice(0, text.length - this.#suffix.length).trimEnd();
    const value = quantity(number, this.#measure);
    if (value.ok) {
      this.#number.mantissa = value.value.mantissa;
      this.#number.exponent = value.value.exponent;
      sink.measure(this.quantity, this.#number, AS_IT_IS, SOURCE);
    } else sink.refuse(refuse(value.code, `${name}: ${value.detail}`));
    return true;
  }
}

/** What is mapped is in its unit already, and has one kind of line that tells it. */
const AS_IT_IS = times('', 1);
const SOURCE = 0;

const wrong = (mapping: Mapping, reason: string): Refusal =>
  refuse('config-invalid', `the mapping of ${shown(mapping.field)} to ${shown(mapping.name)}: ${reason}`);

const problemOf = ({ name, kind, exponent, scale, field, none = [] }: Mapping): string | undefined => {
  if (field.length === 0) return 'it names no field';
  if (!isSenmlName(name) || name.length > NAME_LENGTH_MAX)
    return 'the name must be up to 64 letters, digits and -:./_, the first a letter or digit';
  if (kind.length === 0 || kind.length > NAME_LENGTH_MAX)
    return 'the kind must be a text of 1 to 64 characters';
  if (!Number.isInteger(exponent) || Math.abs(exponent) > EXPONENT_MAX)
    return `the exponent ${exponent} is not a whole number from -${EXPONENT_MAX} to ${EXPONENT_MAX}`;
  if (scale?.mantissa === 0) return 'a scale of 0 makes every value 0';
  if (none.some((text) => text !== text.trim()))
    return 'blanks around a value are cut: write none without them';
  return undefined;
};

/** Codes: config-invalid. */
export const checkMappings = (mappings: readonly Mapping[]): Result<readonly MappedField[]> => {
  if (mappings.length > CAPABILITIES_MAX)
    return refuse('config-invalid', `${mappings.length} mappings, a device has at most ${CAPABILITIES_MAX}`);
  const fields: MappedField[] = [];
  for (const mapping of mappings) {
    const problem = problemOf(mapping);
    if (problem !== undefined) return wrong(mapping, problem);
    const unit = primaryUnit(mapping.unit);
    if (!unit.ok) return wrong(mapping, unit.detail);
    if (fields.some(({ quantity }) => quantity.name === mapping.name))
      return wrong(mapping, 'another has the same name: names must differ');
    fields.push(new MappedField(mapping, unit.value));
  }
  return ok(fields);
};

/** Fields that a line has, for the sentence of a mapping that matches nothing. */
const SHOWN_FIELDS_MAX = 12;

const nothingOf = (fields: readonly MappedField[], names: readonly string[]): Refusal => {
  const wanted = fields.map(({ field }) => field).slice(0, SHOWN_FIELDS_MAX);
  const found = names.slice(0, SHOWN_FIELDS_MAX).map(shown);
  if (names.length > SHOWN_FIELDS_MAX) found.push('…');
  const has = found.length === 0 ? 'no field at all' : found.join(', ');
  return refuse(
    'config-invalid',
    `none of ${wanted.join(', ')} is in the line, which has ${has}: correct the mapping`,
  );
};

export const NO_VALUE = refuse('object-malformed', 'the line says that it has no value');

/** A line of which `textOf` knows the fields and `names` their names. */
export const readMapped = (
  fields: readonly MappedField[],
  textOf: (field: string) => string | undefined,
  names: () => readonly string[],
  sink: Sink,
): void => {
  let matched = false;
  let told = false;
  for (const field of fields) {
    const text = textOf(field.field);
    if (text === undefined) continue;
    matched = true;
    told = field.read(text, sink) || told;
  }
  if (!matched) sink.refuse(nothingOf(fields, names()));
  else if (!told) sink.refuse(NO_VALUE);
};
