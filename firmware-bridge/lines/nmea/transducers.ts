/**
 * XDR: any number of transducers, each a type, a value, a unit and an id that its installer chose. A
 * capability is named by kind and id: 'angle-ptch', 'temperature-0'.
 */

import { refuse } from '../../../schemas/result.ts';
import { times } from '../conversion.ts';
import { type Quantity, refuseNumber, type Sink, shown } from '../format.ts';
import {
  BAR,
  CELSIUS,
  DEGREE,
  FAHRENHEIT,
  HECTOPASCAL,
  INCH_OF_MERCURY,
  KELVIN,
  MILLIMETRE_OF_MERCURY,
  PASCAL,
  PERCENT_HUMIDITY,
} from '../units.ts';
import { SPEEDS, type Units, units } from './columns.ts';
import { transducer } from './quantities.ts';
import type { Sentence } from './sentence.ts';

type Type = {
  readonly kind: string;
  readonly exponent: number;
  readonly units: Units;
};

/** The types of the standard, and those that Vaisala's WXT adds: U, S and more units of C and P. */
const TYPES: Readonly<Record<string, Type>> = {
  A: { kind: 'angle', exponent: -3, units: units({ D: DEGREE }) },
  C: { kind: 'temperature', exponent: -2, units: units({ C: CELSIUS, F: FAHRENHEIT, K: KELVIN }) },
  D: { kind: 'distance', exponent: -3, units: units({ M: times('m', 1) }) },
  F: { kind: 'frequency', exponent: -3, units: units({ H: times('Hz', 1) }) },
  H: { kind: 'humidity', exponent: -2, units: units({ P: PERCENT_HUMIDITY }) },
  I: { kind: 'current', exponent: -3, units: units({ A: times('A', 1) }) },
  N: { kind: 'force', exponent: -3, units: units({ N: times('N', 1) }) },
  P: {
    kind: 'pressure',
    exponent: 0,
    units: units({ B: BAR, P: PASCAL, H: HECTOPASCAL, I: INCH_OF_MERCURY, M: MILLIMETRE_OF_MERCURY }),
  },
  R: { kind: 'flow', exponent: -3, units: units({ l: times('l/s', 1) }) },
  S: { kind: 'speed', exponent: -3, units: SPEEDS },
  T: { kind: 'rotation', exponent: -2, units: units({ R: times('1/min', 1) }) },
  U: { kind: 'voltage', exponent: -3, units: units({ V: times('V', 1) }) },
  V: { kind: 'volume', exponent: -3, units: units({ M: times('m3', 1) }) },
};

const GROUP = 4;
/** What an installer would type: it becomes part of a name. */
const ID_LENGTH_MAX = 32;

const nameOf = (kind: string, id: string): string => {
  const plain = id
    .slice(0, ID_LENGTH_MAX)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return plain === '' ? kind : `${kind}-${plain}`;
};

/** A bus has a few dozen; noise that passes the checksum may invent more. */
const REMEMBERED_MAX = 256;

export class Transducers {
  readonly #known = new Map<string, Quantity>();
  /** Ids of those that a mapping reads. */
  readonly #mapped: readonly string[];

  constructor(mapped: readonly string[]) {
    this.#mapped = mapped;
  }

  read(sentence: Sentence, sink: Sink, source: number): boolean {
    let told = false;
    for (let first = 1; first <= sentence.count; first += GROUP) {
      if (sentence.isEmpty(first + 1)) continue;
      told = true;
      if (this.#mapped.length > 0 && this.#mapped.includes(sentence.field(first + 3))) continue;
      this.#readGroup(sentence, first, sink, source);
    }
    return told;
  }

  #readGroup(sentence: Sentence, first: number, sink: Sink, source: number): void {
    const id = sentence.field(first + 3);
    const letter = sentence.letter(first);
    const type = Object.hasOwn(TYPES, letter) ? TYPES[letter] : undefined;
    const by = type?.units[sentence.code(first + 2)];
    if (type === undefined || by === undefined) {
      const unit = shown(sentence.field(first + 2));
      const said = `transducer ${shown(id)} has type ${shown(sentence.field(first))} and unit ${unit}`;
      sink.refuse(
        refuse(
          'object-malformed',
          `${said}, which is no SenML unit: map XDR.${id || 'its id'} to what it is`,
        ),
      );
    } else if (sentence.scan(first + 1)) {
      sink.measure(this.#quantityOf(letter, type, by.unit, id), sentence.number, by, source);
    } else sink.refuse(refuseNumber(`transducer ${shown(id)}`, sentence.field(first + 1)));
  }

  #quantityOf(letter: string, { kind, exponent }: Type, unit: string, id: string): Quantity {
    const key = letter + id;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = transducer(nameOf(kind, id), kind, unit, exponent);
    if (this.#known.size < REMEMBERED_MAX) this.#known.set(key, made);
    return made;
  }
}
