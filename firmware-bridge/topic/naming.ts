/** From the words of other projects to names, kinds and units of ours. */

import { TEXT_BYTES_MAX } from '../../schemas/fields.ts';
import { isSenmlName } from '../../schemas/senml.ts';

/** The text with "_" for whatever a SenML name may not have: "Wohnzimmer°" to "Wohnzimmer_". */
export const senmlName = (text: string): string => {
  const name = text.replaceAll(/[^A-Za-z0-9\-:./_]/g, '_').slice(0, TEXT_BYTES_MAX);
  return isSenmlName(name) ? name : `x${name}`.slice(0, TEXT_BYTES_MAX);
};

/** One word for what has two. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'carbon-dioxide': 'co2',
  'atmospheric-pressure': 'pressure',
  'energy-total': 'energy',
};

/** "soil_moisture", "DewPoint" and "Wind Speed" to "soil-moisture", "dew-point" and "wind-speed". */
export const kindOf = (text: string): string => {
  const kind = text
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, TEXT_BYTES_MAX);
  return Object.hasOwn(SYNONYMS, kind) ? SYNONYMS[kind]! : kind || 'value';
};

/** SenML tells apart what everybody writes as percent. */
export const unitOf = (kind: string, unit: string): string => {
  if (unit !== '%') return unit;
  if (kind === 'humidity' || kind.endsWith('-humidity')) return '%RH';
  return kind === 'battery' || kind.endsWith('-battery') ? '%EL' : unit;
};
