/** JSON lines: an object or an array each. A field is a JSON pointer (RFC 6901), or the name of a top-level key. */

import { type Refusal, refuse } from '../../schemas/result.ts';
import { type Format, shown } from './format.ts';
import { type MappedField, readMapped } from './mapping.ts';

/** A text as it is, or a number outside of texts. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Numbers become texts before they are parsed, so that none is ever a float: 0.1 stays three characters. */
const parseExactly = (line: string): unknown => {
  JSON.parse(line); // 01, 1. and 1e are no numbers
  return JSON.parse(line.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`)));
};

const stepsOf = (field: string): readonly string[] =>
  field.startsWith('/')
    ? field
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [field];

const isNode = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const at = (root: unknown, steps: readonly string[]): unknown => {
  let value = root;
  for (const step of steps) value = isNode(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
};

/** null means that there is no value; a switch that is on is 1. */
const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === null ? '' : undefined;
};

const SHOWN_DEPTH_MAX = 4;

/** Pointers to everything that could be mapped. */
const pointersOf = (value: unknown, path = '', depth = 0): string[] => {
  if (!isNode(value) || depth === SHOWN_DEPTH_MAX) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pointersOf(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1),
  );
};

export const json = (fields: readonly MappedField[]): Format => {
  const steps = new Map(fields.map(({ field }) => [field, stepsOf(field)]));
  return {
    quantities: fields.map(({ quantity }) => quantity),
    isCutUnseen: false,
    board: () => 'JSON lines',
    read: (line, sink): Refusal | undefined => {
      let root: unknown;
      try {
        root = parseExactly(line);
      } catch (error) {
        sink.refuse(refuse('object-malformed', `${shown(line)} is no JSON: ${(error as Error).message}`));
        return undefined;
      }
      if (!isNode(root)) sink.refuse(refuse('object-malformed', `${shown(line)} is no object or array`));
      else
        readMapped(
          fields,
          (field) => textOf(at(root, steps.get(field)!)),
          () => pointersOf(root),
          sink,
        );
      return undefined;
    },
  };
};
