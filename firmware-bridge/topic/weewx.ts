/**
 * weewx through one of its MQTT uploaders: a station by its topic.
 *
 *     weather/loop   {"dateTime":"1714564800.0","outTemp_C":"12.34","outHumidity":"81.0","windSpeed_kph":"7"}
 *
 * A name ends with the unit, where there is one (`append_units_label`, the default); what has none is in the
 * second table, or refused. Numbers may stand in quotes. The usual uploader has no last will: a station is
 * gone when it is silent; for MQTTPublish, which has one, declare its topic (`status`) as availability.
 */

import { jsonText, readJsonObject } from '../json.ts';
import { kindOf, senmlName, unitOf } from './naming.ts';
import type { Finding, Message, Source } from './source.ts';

/** Three archive intervals of five minutes, the default. */
const SILENCE_MS = 900_000;

/** In weewx's words, where they are not SenML's. */
const UNITS: Readonly<Record<string, string>> = {
  C: '°C',
  F: '°F',
  degree_C: '°C',
  degree_F: '°F',
  inch: 'in',
  mps: 'm/s',
  meter_per_second: 'm/s',
  mile_per_hour: 'mph',
  km_per_hour: 'km/h',
  knot2: 'knot',
  inch_per_hour: 'in/h',
  cm_per_hour: 'cm/h',
  mm_per_hour: 'mm/h',
  Wpm2: 'W/m2',
  volt: 'V',
  foot: 'ft',
  meter: 'm',
  mile: 'mi',
  centibar: 'cbar',
  microgram_per_meter_cubed: 'ug/m3',
  lux: 'lx',
  percent: '%',
  degree_compass: '°',
};

const KINDS: readonly (readonly [RegExp, string, string?])[] = [
  [/^(?:in|out|extra|soil|leaf|heating)Temp\d*$/, 'temperature'],
  [/^(?:in|out|extra)Humid(?:ity)?\d*$/, 'humidity', '%'],
  [/^barometer$/, 'sea-level-pressure'],
  [/^wind(?:Dir|GustDir)$/, 'wind-direction', '°'],
  [/^radiation$/, 'solar-radiation'],
  [/^rain(?:fall)?$/, 'rain'],
  [/^snow(?:Depth)?$/, 'snow'],
];

/** Times, settings and texts. */
const ASIDE = /^(?:dateTime|usUnits|interval.*|position|latitude|longitude|altitude.*)$/;

const sensorOf = (key: string) => {
  const [, name = key, label = ''] = /^([A-Za-z0-9]+)_(.+)$/.exec(key) ?? [];
  const [, kind, unit] = KINDS.find(([pattern]) => pattern.test(name)) ?? [key, kindOf(name), undefined];
  return {
    name: senmlName(name),
    kind,
    measure: { unit: unitOf(kind, UNITS[label] ?? (label || (unit ?? ''))) },
  };
};

const read = ({ payload }: Message): readonly Finding[] => {
  const json = readJsonObject(payload);
  if (!json.ok) return [{ type: 'refused', refusal: json }];
  const findings: Finding[] = [];
  for (const [key, value] of json.value) {
    if (!ASIDE.test(key))
      findings.push({ type: 'value', sensor: sensorOf(key), text: jsonText(value) ?? 'null' });
  }
  return findings;
};

/** Its topic is `weather` unless it was set to another. */
export const weewx = (device: string): Source => ({
  board: 'weewx',
  filters: [`${device}/loop`],
  known: [],
  mustSpeak: true,
  silenceMs: SILENCE_MS,
  read,
  reset: () => {},
});
