/**
 * What fields of a line mean, said by a configuration: a text under a name becomes a quantity. The format says
 * what a name is: a key, a column, a JSON pointer, a field of a sentence.
 */

import type { Decimal } from '../../schemas/decimal.ts';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { isSenmlName } from '../../schemas/senml.ts';
import { isUnit } from '../../schemas/unit.ts';
import { CHANNELS_MAX } from './channels.ts';
import { type Conversion, convert, times } from './conversion.ts';
import { DecimalScanner } from './decimal-scanner.ts';
import { type Quantity, refuseNumber, type Sink, shown } from './format.ts';
import { conversionFor, unitsFor } from './units.ts';

export type Mapping = {
  /** Where the value stands. */
  readonly field: string;
  readonly name: string;
  readonly kind: string;
  /** SenML. */
  readonly unit: string;
  /** Readings are rounded to 10^exponent units: -2 for hundredths. */
  readonly exponent: number;
  /** The unit that the instrument writes: 'degF', 'kn', 'inHg'; default `unit`. */
  readonly from?: string | undefined;
  /** Times this, before the unit is converted: 0.1 for an instrument that writes tenths. */
  readonly scale?: Decimal | undefined;
  /** Plausible range in `unit`; what is beyond is refused. */
  readonly min?: Decimal | undefined;
  readonly max?: Decimal | undefined;
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
  readonly #by: Conversion;
  readonly #scale: Decimal | undefined;
  readonly #suffix: string;
  readonly #none: readonly string[];
  readonly #number = new DecimalScanner();

  constructor(mapping: Mapping, by: Conversion, min: number, max: number) {
    const { field, name, kind, unit, exponent } = mapping;
    this.field = field;
    this.quantity = { name, kind, unit, exponent, min, max };
    this.#by = by;
    this.#scale = mapping.scale;
    this.#suffix = mapping.suffix ?? '';
    this.#none = ['', ...(mapping.none ?? [])];
  }

  /** False where the text says that there is no value. */
  read(written: string, sink: Sink, source: number): boolean {
    const text = written.trim();
    if (this.#none.includes(text)) return false;
    const end = text.endsWith(this.#suffix) ? text.length - this.#suffix.length : -1;
    if (end < 0) {
      const reason = `${this.quantity.name} is ${shown(text)}, without the suffix ${shown(this.#suffix)}`;
      sink.refuse(refuse('object-malformed', reason));
    } else if (!this.#number.scan(text, 0, text.slice(0, end).trimEnd().length)) {
      sink.refuse(refuseNumber(this.quantity.name, text));
    } else {
      this.#rescale();
      sink.measure(this.quantity, this.#number, this.#by, source);
    }
    return true;
  }

  #rescale(): void {
    if (this.#scale === undefined) return;
    this.#number.mantissa = BigInt(this.#number.mantissa) * BigInt(this.#scale.mantissa);
    this.#number.exponent += this.#scale.exponent;
  }
}

const wrong = (mapping: Mapping, reason: string): Refusal =>
  refuse('config-invalid', `the mapping of ${shown(mapping.field)} to ${shown(mapping.name)}: ${reason}`);

const problemOf = ({ name, kind, unit, exponent, scale, field, none = [] }: Mapping): string | undefined => {
  if (field.length === 0) return 'it names no field';
  if (!isSenmlName(name) || name.length > NAME_LENGTH_MAX)
    return 'the name must be up to 64 letters, digits and -:./_, the first a letter or digit';
  if (kind.length === 0 || kind.length > NAME_LENGTH_MAX)
    return 'the kind must be a text of 1 to 64 characters';
  if (!isUnit(unit)) return `${shown(unit)} is no unit of SenML, such as Cel, Pa, %RH or m/s`;
  if (!Number.isInteger(exponent) || Math.abs(exponent) > EXPONENT_MAX)
    return `the exponent ${exponent} is not a whole number from -${EXPONENT_MAX} to ${EXPONENT_MAX}`;
  if (scale?.mantissa === 0) return 'a scale of 0 makes every value 0';
  if (none.some((text) => text !== text.trim()))
    return 'blanks around a value are cut: write none without them';
  return undefined;
};

const bound = (limit: Decimal | undefined, { unit, exponent }: Mapping, open: number): number => {
  if (limit === undefined) return open;
  return convert(limit.mantissa, limit.exponent, times(unit, 1), exponent) ?? open;
};

const checkMapping = (mapping: Mapping): Result<MappedField> => {
  const problem = problemOf(mapping);
  if (problem !== undefined) return wrong(mapping, problem);
  const { from = mapping.unit, unit } = mapping;
  const by = conversionFor(from, unit);
  if (by === undefined)
    return wrong(
      mapping,
      `${shown(from)} does not become ${unit}; what does is ${unitsFor(unit).join(', ')}`,
    );
  const min = bound(mapping.min, mapping, -SAFE);
  const max = bound(mapping.max, mapping, SAFE);
  if (min > max) return wrong(mapping, 'min is above max');
  return ok(new MappedField(mapping, by, min, max));
};

/** Codes: config-invalid. */
export const checkMappings = (mappings: readonly Mapping[]): Result<readonly MappedField[]> => {
  if (mappings.length > CHANNELS_MAX)
    return refuse('config-invalid', `${mappings.length} mappings, a device has at most ${CHANNELS_MAX}`);
  const fields: MappedField[] = [];
  for (const mapping of mappings) {
    const checked = checkMapping(mapping);
    if (!checked.ok) return checked;
    if (fields.some(({ quantity }) => quantity.name === mapping.name))
      return wrong(mapping, 'another has the same name: names must differ');
    fields.push(checked.value);
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
    told = field.read(text, sink, 0) || told;
  }
  if (!matched) sink.refuse(nothingOf(fields, names()));
  else if (!told) sink.refuse(NO_VALUE);
};
