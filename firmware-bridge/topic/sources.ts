/** What is told of a device: the preset that knows its topics, a declaration of what they mean, or both. */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type Mapping, mappingSource } from './mapping.ts';
import { type Preset, presetSource } from './presets.ts';
import type { Source } from './source.ts';

export type Topics = {
  readonly preset?: Preset | undefined;
  /** What the preset does not say, or all of it. */
  readonly mapping?: Mapping | undefined;
};

/** Code: config-invalid. */
export const sourcesOf = ({ preset, mapping }: Topics): Result<readonly Source[]> => {
  const sources: Source[] = [];
  const declared = mapping === undefined ? undefined : mappingSource(mapping);
  for (const source of [preset === undefined ? undefined : presetSource(preset), declared]) {
    if (source?.ok === false) return source;
    if (source !== undefined) sources.push(source.value);
  }
  if (sources.some((source) => source.filters.length + source.known.length > 0)) return ok(sources);
  return refuse(
    'config-invalid',
    'nothing says what the topics mean: name a preset and a device, or sensors',
  );
};
