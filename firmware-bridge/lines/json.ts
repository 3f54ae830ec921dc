/** JSON lines: an object or an array each. A field is a JSON pointer (RFC 6901), or the name of a top-level key. */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { isJsonObject, type Json, jsonText, readJson } from '../json.ts';
import { followPointer, parsePointer, stepOf } from '../json-pointer.ts';
import { type Format, readingText, shown } from './format.ts';
import { type MappedField, readMapped } from './mapping.ts';

/** null says that there is no value; a switch that is on is 1. */
const textOf = (value: Json): string | undefined => {
  if (value === null) return '';
  return typeof value === 'boolean' ? String(Number(value)) : jsonText(value);
};

const SHOWN_DEPTH_MAX = 4;

/** Pointers to everything that could be mapped. */
const pointersOf = (value: Json, path = '', depth = 0): string[] => {
  const entries = isJsonObject(value) ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  if (entries.length === 0 || depth === SHOWN_DEPTH_MAX) return [path];
  return entries.flatMap(([key, inner]) => pointersOf(inner, path + stepOf(String(key)), depth + 1));
};

/** Codes: config-invalid. */
export const json = (fields: readonly MappedField[]): Result<Format> => {
  const pointers = new Map<string, readonly string[]>();
  for (const { field } of fields) {
    const pointer = field.startsWith('/') ? parsePointer(field) : ok([field]);
    if (!pointer.ok) return pointer;
    pointers.set(field, pointer.value);
  }
  return ok({
    quantities: fields.map(({ quantity }) => quantity),
    isCutUnseen: false,
    board: () => 'JSON lines',
    read: readingText((line, sink) => {
      const root = readJson(line);
      if (!root.ok) sink.refuse(refuse(root.code, `${shown(line)}: ${root.detail}`));
      else if (!isJsonObject(root.value) && !Array.isArray(root.value))
        sink.refuse(refuse('object-malformed', `${shown(line)} is no object or array`));
      else {
        const look = (field: string): string | undefined => {
          const found = followPointer(root.value, pointers.get(field)!);
          return found.ok ? textOf(found.value) : undefined;
        };
        readMapped(fields, look, () => pointersOf(root.value), sink);
      }
      return undefined;
    }),
  });
};
