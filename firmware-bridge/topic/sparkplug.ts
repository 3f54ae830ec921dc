/**
 * Sparkplug B in its JSON form: an edge node (`group/node`) or a device behind one (`group/node/device`).
 *
 *     spBv1.0/<group>/NBIRTH/<node>             {"seq":0,"metrics":[{"name":"bdSeq","value":3},...]}
 *     spBv1.0/<group>/DBIRTH/<node>/<device>    all metrics, with names, aliases and properties
 *     spBv1.0/<group>/DDATA/<node>/<device>     {"seq":7,"metrics":[{"alias":1,"value":21.5}]}
 *     spBv1.0/<group>/NDEATH/<node>             by the node's last will, with the bdSeq of its birth
 *
 * Births are not retained: the node is asked for one. A birth's values may be old, so they make known what
 * there is; only data are readings. A death counts if its bdSeq is that of the birth: an earlier
 * connection's last will may come late. The unit is a metric's property `engUnit`.
 */

import { refuse } from '../../schemas/result.ts';
import { isJsonObject, type Json, type JsonObject, jsonText, readJson } from '../json.ts';
import { kindOf, senmlName, unitOf } from './naming.ts';
import type { Finding, Message, Sensor, Source } from './source.ts';

/** Aliases that are remembered: what a node could fill. */
const METRICS_MAX = 1024;

/** Of the protocol itself. */
const ASIDE = /^(?:bdSeq|Node Control\/.*|Device Control\/.*|Properties\/.*|Node Info\/.*)$/;
const UNIT_PROPERTIES = ['engUnit', 'EngUnit', 'engineeringUnits', 'Engineering Units', 'unit', 'units'];
const REBIRTH = { name: 'Node Control/Rebirth', dataType: 'Boolean', value: true };

/** Signed integers by their number and name: protobuf carries them in unsigned fields. */
const SIGNED_BITS: Readonly<Record<string, number>> = {
  1: 8,
  2: 16,
  3: 32,
  4: 64,
  Int8: 8,
  Int16: 16,
  Int32: 32,
  Int64: 64,
};

const UNSIGNED_FIELDS = ['intValue', 'int_value', 'longValue', 'long_value'];
const VALUE_FIELDS = [
  'floatValue',
  'float_value',
  'doubleValue',
  'double_value',
  'booleanValue',
  'boolean_value',
];

const isTrue = (metric: JsonObject, ...names: readonly string[]): boolean =>
  names.some((name) => metric.get(name) === true);

/** The value's text, whichever of the JSON forms it has; undefined for strings, sets and nothing. */
const valueText = (metric: JsonObject): string | undefined => {
  if (isTrue(metric, 'isNull', 'is_null')) return 'null';
  const type = jsonText(metric.get('datatype') ?? metric.get('dataType')) ?? '';
  const unsigned = UNSIGNED_FIELDS.find((field) => metric.has(field));
  if (unsigned !== undefined) {
    const text = jsonText(metric.get(unsigned)) ?? '';
    const bits = SIGNED_BITS[type];
    return bits !== undefined && /^\d{1,20}$/.test(text) ? String(BigInt.asIntN(bits, BigInt(text))) : text;
  }
  const field = ['value', ...VALUE_FIELDS].find((name) => metric.has(name));
  const value = field === undefined ? undefined : metric.get(field);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === null
    ? 'null'
    : typeof value === 'string' && !/^[-+.\d]/.test(value)
      ? undefined
      : jsonText(value);
};

const isBoolean = (metric: JsonObject): boolean => {
  const type = jsonText(metric.get('datatype') ?? metric.get('dataType'));
  return (
    type === '11' ||
    type === 'Boolean' ||
    typeof metric.get('value') === 'boolean' ||
    metric.has('booleanValue')
  );
};

/** {"engUnit":{"value":"°C"}}, or as protobuf has it {"keys":["engUnit"],"values":[{"stringValue":"°C"}]}. */
const unitTold = (metric: JsonObject): string => {
  const properties = metric.get('properties');
  if (!isJsonObject(properties)) return '';
  const keys = properties.get('keys');
  const values = properties.get('values');
  for (const name of UNIT_PROPERTIES) {
    const at = Array.isArray(keys) ? keys.indexOf(name) : -1;
    const property: Json | undefined = at >= 0 && Array.isArray(values) ? values[at] : properties.get(name);
    if (!isJsonObject(property)) continue;
    return (
      jsonText(property.get('value') ?? property.get('stringValue') ?? property.get('string_value')) ?? ''
    );
  }
  return '';
};

const metricsOf = (payload: JsonObject): readonly JsonObject[] => {
  const metrics = payload.get('metrics');
  return Array.isArray(metrics) ? metrics.filter(isJsonObject) : [];
};

const numberOf = (metrics: readonly JsonObject[]): string | undefined => {
  const metric = metrics.find((one) => one.get('name') === 'bdSeq');
  return metric === undefined ? undefined : valueText(metric);
};

class Sparkplug implements Source {
  readonly board = 'Sparkplug';
  readonly mustSpeak = true;
  readonly silenceMs = 0;
  readonly filters: readonly string[];
  private readonly commands: string;
  /** N or D: whose births and data these are. */
  private readonly own: string;
  private readonly names = new Map<string, string>();
  private readonly sensors = new Map<string, Sensor>();
  private birth: string | undefined;
  private born = false;

  constructor(group: string, node: string, device: string | undefined, prefix: string) {
    const topicOf = (type: string): string => {
      const place = device === undefined || type.startsWith('N') ? node : `${node}/${device}`;
      return `${prefix}/${group}/${type}/${place}`;
    };
    this.own = device === undefined ? 'N' : 'D';
    const types =
      device === undefined
        ? ['NBIRTH', 'NDEATH', 'NDATA']
        : ['NBIRTH', 'NDEATH', 'DBIRTH', 'DDEATH', 'DDATA'];
    this.filters = types.map(topicOf);
    this.commands = topicOf('NCMD');
  }

  /** Births are not retained. */
  get known(): readonly Finding[] {
    const payload = JSON.stringify({ timestamp: Date.now(), metrics: [REBIRTH] });
    return [{ type: 'ask', topic: this.commands, payload }];
  }

  reset(): void {
    this.birth = undefined;
    this.born = false;
  }

  read({ topic, payload }: Message): readonly Finding[] {
    const type = topic.split('/').find((level) => /^[ND](?:BIRTH|DEATH|DATA)$/.test(level))!;
    const json = readJson(payload);
    if (!json.ok)
      return [
        { type: 'refused', refusal: refuse(json.code, `${json.detail} (Sparkplug must be set to JSON)`) },
      ];
    const metrics = isJsonObject(json.value) ? metricsOf(json.value) : [];
    if (type.endsWith('DEATH')) return this.onDeath(type, topic, metrics);
    if (type === 'NBIRTH') {
      this.birth = numberOf(metrics);
      this.born = false; // the births of its devices follow, with other aliases
    }
    if (!type.startsWith(this.own)) return [];
    if (type.endsWith('BIRTH')) return this.onBirth(topic, metrics);
    return this.born ? metrics.flatMap((metric) => this.onMetric(metric)) : this.known;
  }

  private onDeath(type: string, topic: string, metrics: readonly JsonObject[]): readonly Finding[] {
    const number = type === 'NDEATH' ? numberOf(metrics) : undefined;
    if (number !== undefined && this.birth !== undefined && number !== this.birth) return []; // of an earlier birth
    this.born = false;
    return [{ type: 'presence', online: false, detail: `${topic} came` }];
  }

  private onBirth(topic: string, metrics: readonly JsonObject[]): readonly Finding[] {
    this.born = true;
    this.names.clear();
    this.sensors.clear();
    const presence: Finding = { type: 'presence', online: true, detail: `${topic} came` };
    return [presence, ...metrics.flatMap((metric) => this.learn(metric))];
  }

  private learn(metric: JsonObject): readonly Finding[] {
    const name = jsonText(metric.get('name')) ?? '';
    const alias = jsonText(metric.get('alias'));
    if (name === '' || this.names.size >= METRICS_MAX) return [];
    if (alias !== undefined) this.names.set(alias, name);
    if (ASIDE.test(name) || valueText(metric) === undefined) return [];
    const kind = kindOf(name.split('/').at(-1)!);
    const unit = isBoolean(metric) ? '/' : unitOf(kind, unitTold(metric));
    const sensor = { name: senmlName(name), kind, measure: { unit } };
    this.sensors.set(name, sensor);
    return [{ type: 'value', sensor, text: null }];
  }

  private onMetric(metric: JsonObject): readonly Finding[] {
    const alias = jsonText(metric.get('alias'));
    const name = jsonText(metric.get('name')) ?? (alias === undefined ? undefined : this.names.get(alias));
    if (name === undefined) return this.known;
    const sensor = this.sensors.get(name);
    if (sensor === undefined) return [];
    const text = isTrue(metric, 'isHistorical', 'is_historical') ? null : (valueText(metric) ?? 'null');
    return [{ type: 'value', sensor, text }];
  }
}

/** Undefined where `device` has not two or three levels. */
export const sparkplug = (device: string, prefix = 'spBv1.0'): Source | undefined => {
  const [group = '', node = '', own, more] = device.split('/');
  return group === '' || node === '' || own === '' || more !== undefined
    ? undefined
    : new Sparkplug(group, node, own, prefix);
};
