/** Shapes of single values. A default is written as the file would write it, and read the same way. */

import { resolve } from 'node:path';
import { type Decimal, decimalFromText } from '../../schemas/decimal.ts';
import { keyOfDid } from '../../schemas/identity.ts';
import { nanoOfText } from '../money.ts';
import { INVALID, meant, type Place, partName, type Reading, type Shape } from './shape-part.ts';

/** What somebody writes by hand on one line. */
const TEXT_LENGTH_MAX = 1024;

type LeafOptions = {
  readonly about: string;
  readonly default?: string | number;
  readonly example?: string | number;
};

type Parsed<T> = { readonly value: T } | { readonly hint: string };

const NONE: { readonly hint: string } = { hint: '' };

/** Whether YAML takes the text for what it is without quotes. */
const PLAIN = /^(?:-(?=[0-9.]))?[A-Za-z0-9/.][A-Za-z0-9_./:@+-]*$/;

const leaf = <T>(
  options: LeafOptions,
  expected: string,
  fallback: string,
  parse: (text: string, place: Place, reading: Reading) => Parsed<T>,
): Shape<T> => {
  const preset = options.default === undefined ? undefined : String(options.default);
  const shown = preset ?? String(options.example ?? fallback);
  return {
    about: options.about,
    expected,
    omissible: preset !== undefined,
    example: () => (PLAIN.test(shown) && !shown.endsWith(':') ? shown : JSON.stringify(shown)),
    read: (place, reading) => {
      const { part, name, offset } = place;
      if (part.kind === 'absent' && preset === undefined) {
        reading.problem(offset, `${name} is missing; write ${expected}`);
        return INVALID;
      }
      const text = part.kind === 'scalar' ? part.text : part.kind === 'absent' ? preset : undefined;
      const parsed = text === undefined ? NONE : parse(text, place, reading);
      if ('value' in parsed) return parsed.value;
      if (part.kind === 'absent') throw new TypeError(`default ${preset} of ${name} is not ${expected}`);
      reading.problem(offset, `${name} must be ${expected}, not ${partName(part)}${parsed.hint}`);
      return INVALID;
    },
  };
};

/** The units that end names (`timeoutMs`), in words. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Ms$/, 'milliseconds'],
  [/S$/, 'seconds'],
  [/Bytes(Max|Min)?$/, 'bytes'],
  [/Percent$/, 'percent'],
];

const unitHint = (name: string, text: string): string => {
  const number = /^(\d+)\s*[A-Za-z%]+$/.exec(text)?.[1];
  const unit = UNITS.find(([suffix]) => suffix.test(name))?.[1];
  if (number === undefined || unit === undefined) return '';
  return `: the unit is in the name, write the number of ${unit}`;
};

export const text = (
  options: LeafOptions & {
    readonly pattern?: RegExp;
    readonly expected?: string;
    readonly lengthMax?: number;
  },
): Shape<string> => {
  const lengthMax = options.lengthMax ?? TEXT_LENGTH_MAX;
  const expected = options.expected ?? `a text of 1 to ${lengthMax} characters`;
  return leaf(options, expected, 'text', (given) => {
    const fits = given.length > 0 && given.length <= lengthMax && options.pattern?.test(given) !== false;
    return fits ? { value: given } : NONE;
  });
};

export const integer = (
  options: LeafOptions & { readonly min: number; readonly max: number },
): Shape<number> => {
  const { min, max } = options;
  return leaf(options, `a whole number from ${min} to ${max}`, String(min), (given, place) => {
    const value = /^[+-]?\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
    return value >= min && value <= max ? { value } : { hint: unitHint(place.name, given) };
  });
};

export const boolean = (options: LeafOptions & { readonly default?: 'true' | 'false' }): Shape<boolean> =>
  leaf(options, 'true or false', 'true', (given) =>
    given === 'true' || given === 'false' ? { value: given === 'true' } : NONE,
  );

export const choice = <const W extends string>(words: readonly W[], options: LeafOptions): Shape<W> =>
  leaf(options, `one of ${words.join(', ')}`, words[0]!, (given) => {
    const value = words.find((word) => word === given);
    return value === undefined ? { hint: meant(given, words) } : { value };
  });

/** No sign and no exponent: 1e3 is how a typing error becomes a thousand. */
const AMOUNT = /^\d+(\.\d+)?$/;

/** An amount of a currency, written as a decimal, in nano. */
export const money = (options: LeafOptions): Shape<number> =>
  leaf(options, 'an amount with at most nine decimals, such as 0.002', '0.002', (given) => {
    const nano = AMOUNT.test(given) ? nanoOfText(given) : undefined;
    return nano?.ok === true ? { value: nano.value } : NONE;
  });

export const decimal = (options: LeafOptions): Shape<Decimal> =>
  leaf(options, 'a decimal number such as 21.5', '21.5', (given) => {
    const value = decimalFromText(given);
    return value.ok ? { value: value.value } : NONE;
  });

const SOME_KEY = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

/** The 32-byte Ed25519 key of somebody. */
export const key = (options: LeafOptions): Shape<Uint8Array> =>
  leaf(options, 'a key, did:key:z6Mk…', SOME_KEY, (given) => {
    const value = keyOfDid(given);
    return value.ok ? { value: value.value } : NONE;
  });

const absolute = (given: string, directory: string): string | undefined =>
  given.length > 0 && given.length <= TEXT_LENGTH_MAX && !given.includes('\0')
    ? resolve(directory, given)
    : undefined;

/** Absolute; a relative one begins where the file is. */
export const path = (options: LeafOptions): Shape<string> =>
  leaf(options, "a path; a relative one begins at this file's directory", './file', (given, _, reading) => {
    const value = absolute(given, reading.directory);
    return value === undefined ? NONE : { value };
  });

/** A path, or the URL of a PostgreSQL database. */
export const database = (options: LeafOptions): Shape<string> =>
  leaf(options, 'a path, or postgres://user@host/database', './file.db', (given, _, reading) => {
    const value = /^postgres(?:ql)?:\/\/\S+$/.test(given) ? given : absolute(given, reading.directory);
    return value === undefined ? NONE : { value };
  });
