/** The formats by name. */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type CsvOptions, csv } from './csv.ts';
import type { Format } from './format.ts';
import { json } from './json.ts';
import { keyValue } from './key-value.ts';
import { checkMappings, type Mapping } from './mapping.ts';
import { type NmeaOptions, nmea } from './nmea.ts';
import { type UltimeterOptions, ultimeter } from './ultimeter.ts';

/** What the lines are; `csv`, `json` and `key-value` mean nothing without a mapping. */
export type LinesFormat =
  | ({ readonly format: 'nmea'; readonly mapping?: readonly Mapping[] | undefined } & NmeaOptions)
  | ({ readonly format: 'ultimeter' } & UltimeterOptions)
  | ({ readonly format: 'csv'; readonly mapping: readonly Mapping[] } & CsvOptions)
  | { readonly format: 'json' | 'key-value'; readonly mapping: readonly Mapping[] };

/** Codes: config-invalid. */
export const formatFor = (options: LinesFormat): Result<Format> => {
  if (options.format === 'ultimeter') return ok(ultimeter(options));
  const fields = checkMappings(options.mapping ?? []);
  if (!fields.ok) return fields;
  if (options.format === 'nmea') return nmea(fields.value, options);
  if (fields.value.length === 0)
    return refuse('config-invalid', `format ${options.format} needs a mapping: which field is what`);
  if (options.format === 'csv') return csv(fields.value, options);
  return options.format === 'json' ? json(fields.value) : ok(keyValue(fields.value));
};
