/** Shapes made of shapes: lists, objects, one of several objects, what may be missing, what must agree. */

import { INVALID, meant, type Place, partName, quoted, type Reading, type Shape } from './shape-part.ts';
import { choice } from './shape-scalars.ts';

/** More items are a generated file, which has another way in. */
const ITEMS_MAX = 256;

export type Infer<S> = S extends Shape<infer T> ? T : never;

/** null where the file leaves it out. */
export const optional = <T>(shape: Shape<T>): Shape<T | null> => ({
  ...shape,
  omissible: true,
  read: (place, reading) => (place.part.kind === 'absent' ? null : shape.read(place, reading)),
});

const indented = (lines: readonly string[]): string[] =>
  lines.map((line) => (line === '' ? '' : `  ${line}`));

export const list = <T>(
  shape: Shape<T>,
  options: { readonly about: string; readonly min?: number; readonly max?: number },
): Shape<readonly T[]> => {
  const min = options.min ?? 0;
  const max = options.max ?? ITEMS_MAX;
  const expected = `a list of ${min} to ${max} items`;
  return {
    about: options.about,
    expected,
    omissible: min === 0,
    example: () => {
      const item = shape.example();
      if (typeof item === 'string') return [`- ${item}`];
      return [`- ${item[0]}`, ...indented(item.slice(1))];
    },
    read: ({ part, name, offset }, reading) => {
      if (part.kind === 'absent' && min === 0) return [];
      if (part.kind !== 'list') reading.problem(offset, `${name} must be ${expected}, not ${partName(part)}`);
      else if (part.items.length < min || part.items.length > max)
        reading.problem(offset, `${name} must be ${expected}, not of ${part.items.length}`);
      else return part.items.map((item) => shape.read(item, reading));
      return INVALID;
    },
  };
};

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

const fieldLines = (name: string, shape: Shape<unknown>): string[] => {
  const example = shape.example();
  const lines = typeof example === 'string' ? [`${name}: ${example}`] : [`${name}:`, ...indented(example)];
  const notes = [shape.expected, shape.omissible ? 'optional' : ''].filter((note) => note !== '');
  const about = `# ${shape.about}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  return [about, ...(shape.omissible ? lines.map((line) => `# ${line}`.trimEnd()) : lines)];
};

const readFields = <F extends Fields>(
  fields: F,
  { part, name, offset }: Place,
  reading: Reading,
): Values<F> => {
  if (part.kind !== 'map' && part.kind !== 'absent') {
    reading.problem(
      offset,
      `${name || 'the file'} must have ${Object.keys(fields).join(', ')}, not ${partName(part)}`,
    );
    return INVALID;
  }
  const entries = part.kind === 'map' ? part.entries : [];
  for (const entry of entries) {
    if (Object.hasOwn(fields, entry.key)) continue;
    const near = meant(entry.key, Object.keys(fields));
    const known = near === '' ? `: known here are ${Object.keys(fields).join(', ')}` : near;
    reading.problem(
      entry.keyOffset,
      `unknown key ${quoted(entry.key)}${name === '' ? '' : ` in ${name}`}${known}`,
    );
  }
  const values: Record<string, unknown> = {};
  for (const [field, shape] of Object.entries(fields)) {
    const entry = entries.find((one) => one.key === field);
    const absent = {
      name: name === '' ? field : `${name}.${field}`,
      offset,
      part: { kind: 'absent' },
    } as const;
    values[field] = shape.read(entry?.value ?? absent, reading);
  }
  return values as Values<F>;
};

/** Left out it is read as empty: what it needs is then missing by name. */
export const object = <F extends Fields>(
  fields: F,
  options: { readonly about: string },
): Shape<Values<F>> => ({
  about: options.about,
  expected: '',
  omissible: false,
  example: () => Object.entries(fields).flatMap(([name, shape]) => fieldLines(name, shape)),
  read: (place, reading) => readFields(fields, place, reading),
});

const commented = (line: string): string => (line === '' || line.startsWith('#') ? line : `# ${line}`);

type Variants = Readonly<Record<string, Fields>>;
type Variant<Tag extends string, V extends Variants> = {
  [K in keyof V & string]: { readonly [T in Tag]: K } & Values<V[K]>;
}[keyof V & string];

/** One of several objects; the key `tag` says which. */
export const variant = <Tag extends string, V extends Variants>(
  tag: Tag,
  variants: V,
  options: { readonly about: string },
): Shape<Variant<Tag, V>> => {
  const names = Object.keys(variants);
  const which = choice(names, { about: 'Which kind' });
  return {
    about: options.about,
    expected: '',
    omissible: false,
    example: () => {
      const [first, ...others] = names.map((name) => [
        ...fieldLines(tag, { ...which, example: () => name }),
        ...Object.entries(variants[name]!).flatMap(([field, shape]) => fieldLines(field, shape)),
      ]);
      return [...first!, ...others.flatMap((lines) => ['', '# or', ...lines.map(commented)])];
    },
    read: (place, reading) => {
      const entries = place.part.kind === 'map' ? place.part.entries : [];
      const given = entries.find((entry) => entry.key === tag)?.value;
      const absent = {
        name: `${place.name}.${tag}`,
        offset: place.offset,
        part: { kind: 'absent' },
      } as const;
      const name = which.read(given ?? absent, reading);
      const fields = name === undefined ? undefined : variants[name];
      if (fields === undefined) return INVALID;
      return readFields({ [tag]: which, ...fields }, place, reading) as unknown as Variant<Tag, V>;
    },
  };
};

/** A rule that no shape says: `problem` answers what is wrong with a value, or undefined. */
export const refine = <T>(shape: Shape<T>, problem: (value: T) => string | undefined): Shape<T> => ({
  ...shape,
  read: (place, reading) => {
    let sound = true;
    const value = shape.read(place, {
      directory: reading.directory,
      problem: (offset, told) => {
        sound = false;
        reading.problem(offset, told);
      },
    });
    const wrong = sound ? problem(value) : undefined;
    if (wrong !== undefined) reading.problem(place.offset, `${place.name || 'the file'}: ${wrong}`);
    return value;
  },
});
