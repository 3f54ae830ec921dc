/**
 * zigbee2mqtt: a device by its friendly name (or its address).
 *
 *     zigbee2mqtt/<name>                {"temperature":21.5,"humidity":45,"battery":100}
 *     zigbee2mqtt/<name>/availability   {"state":"online"}, or online; where availability is enabled
 *     zigbee2mqtt/<name>/set            {"state":"ON"}
 *     zigbee2mqtt/bridge/devices        what each device exposes, with units; retained
 *     zigbee2mqtt/bridge/state          {"state":"online"}: the program itself
 *
 * A unit is only ever taken from what is exposed: "voltage" is mV for a battery and V for a plug. A message
 * carries all of the device's properties, also those that did not just change, unless `cache_state` is off.
 */

import { type Refusal, refuse } from '../../schemas/result.ts';
import { isJsonObject, type Json, type JsonObject, jsonText, readJson, readJsonObject } from '../json.ts';
import { quantity } from '../quantity.ts';
import { kindOf, senmlName, unitOf } from './naming.ts';
import { settable, switchOutput } from './output.ts';
import { type Finding, indexOfWord, type Message, type Output, type Sensor, type Source } from './source.ts';

/** Bits of `access`. */
const PUBLISHED = 1;
const SETTABLE = 2;

/** Lights nest one deep. */
const FEATURES_DEEP_MAX = 4;
const NAMES_SHOWN = 8;

/** What a property of the device is here. */
type Property = { readonly words: readonly string[]; readonly sensor?: Sensor; readonly output?: Output };

const text = (object: JsonObject, key: string): string => jsonText(object.get(key)) ?? '';

const refused = (refusal: Refusal): Finding => ({ type: 'refused', refusal });

const leavesOf = (exposes: Json | undefined, deep = 0): JsonObject[] => {
  if (!Array.isArray(exposes) || deep > FEATURES_DEEP_MAX) return [];
  return exposes.filter(isJsonObject).flatMap((one) => {
    // Composites nest in the message, too.
    if (one.has('features')) return one.has('property') ? [] : leavesOf(one.get('features'), deep + 1);
    return one.has('property') ? [one] : [];
  });
};

/** "0.5" to -1: in what steps it can be set. */
const stepOf = (step: string): number => /\.(\d*[1-9])/.exec(step)?.[1]?.length ?? 0;

const numericOutput = (
  leaf: JsonObject,
  name: string,
  kind: string,
  unit: string,
  topic: string,
): Output | null => {
  const exponent = -stepOf(text(leaf, 'value_step')) || 0;
  const limits = [text(leaf, 'value_min'), text(leaf, 'value_max'), '1'].map((limit) =>
    quantity(limit, { unit }),
  );
  const [min, max, one] = limits.map((limit) =>
    limit.ok
      ? { ...limit.value, value: limit.value.mantissa * 10 ** (limit.value.exponent - exponent) }
      : undefined,
  );
  // A unit that must be converted (1 hPa is 100 Pa) has no whole steps here.
  if (min === undefined || max === undefined || one?.mantissa !== 1 || one.exponent !== 0) return null;
  const property = text(leaf, 'property');
  return settable(
    {
      name,
      kind,
      unit: one.unit,
      exponent,
      min: Math.ceil(min.value),
      max: Math.floor(max.value),
      topic,
      confirmed: true,
    },
    [],
    `{${JSON.stringify(property)}:{}}`,
  );
};

const propertyOf = (leaf: JsonObject, setTopic: string): Property | null => {
  const property = text(leaf, 'property');
  const access = Number(text(leaf, 'access'));
  const name = senmlName(property);
  const kind = kindOf(text(leaf, 'name') || property);
  if (text(leaf, 'type') === 'binary') {
    const words = [text(leaf, 'value_off'), text(leaf, 'value_on')];
    if ((access & SETTABLE) === 0) return { words, sensor: { name, kind, measure: { unit: '/' } } };
    const quoted = typeof leaf.get('value_on') === 'string' ? '"{}"' : '{}';
    return { words, output: switchOutput(name, setTopic, words, `{${JSON.stringify(property)}:${quoted}}`) };
  }
  if (text(leaf, 'type') !== 'numeric' || (access & PUBLISHED) === 0) return null;
  const unit = unitOf(kind, text(leaf, 'unit') === 'lqi' ? 'count' : text(leaf, 'unit'));
  const output = (access & SETTABLE) === 0 ? null : numericOutput(leaf, name, kind, unit, setTopic);
  if (output !== null) return { words: [], output };
  return { words: [], sensor: { name, kind, measure: { unit } } };
};

class Zigbee2mqtt implements Source {
  readonly board = 'zigbee2mqtt';
  readonly known: readonly Finding[] = [];
  readonly mustSpeak = true;
  readonly silenceMs = 0;
  readonly filters: readonly string[];
  readonly large: string;
  private readonly device: string;
  private readonly topic: string;
  private readonly bridge: string;
  private properties: ReadonlyMap<string, Property> | null = null;
  private bridgeOnline = true;
  private deviceOnline = true;

  constructor(device: string, prefix: string) {
    this.device = device;
    this.topic = `${prefix}/${device}`;
    this.bridge = `${prefix}/bridge`;
    this.large = `${this.bridge}/devices`;
    this.filters = [
      `${this.bridge}/state`,
      `${this.bridge}/devices`,
      `${this.topic}/availability`,
      this.topic,
    ];
  }

  reset(): void {
    this.bridgeOnline = true;
    this.deviceOnline = true;
  }

  read({ topic, payload }: Message): readonly Finding[] {
    if (topic === `${this.bridge}/state`) this.bridgeOnline = isOnline(payload);
    else if (topic === `${this.topic}/availability`) this.deviceOnline = isOnline(payload);
    else if (topic === this.topic) return this.onState(payload);
    else return this.onDevices(payload);
    return this.presence();
  }

  /** That the program runs says nothing of a device that it does not know. */
  private presence(): readonly Finding[] {
    const online = this.bridgeOnline && this.deviceOnline;
    if (online && this.properties === null) return [];
    const detail = this.bridgeOnline
      ? `${this.topic}/availability says that it is offline`
      : `zigbee2mqtt is not running (${this.bridge}/state)`;
    return [{ type: 'presence', online, detail }];
  }

  private onDevices(payload: string): readonly Finding[] {
    const json = readJson(payload);
    if (!json.ok) return [refused(json)];
    const devices = Array.isArray(json.value) ? json.value.filter(isJsonObject) : [];
    const mine = devices.find((one) =>
      [text(one, 'friendly_name'), text(one, 'ieee_address')].includes(this.device),
    );
    if (mine === undefined) {
      const names = devices.slice(0, NAMES_SHOWN).map((one) => text(one, 'friendly_name'));
      const detail = `zigbee2mqtt has no device "${this.device}", it has: ${names.join(', ')}`;
      return [refused(refuse('device-failed', detail))];
    }
    const name = text(mine, 'friendly_name');
    if (name !== this.device)
      return [refused(refuse('device-failed', `${this.device} is called "${name}": name it so`))];
    const definition = mine.get('definition');
    if (!isJsonObject(definition))
      return [
        refused(
          refuse('device-failed', `zigbee2mqtt does not know what ${this.device} can do: pair it again`),
        ),
      ];
    return [this.identify(mine, definition), ...this.learn(definition)];
  }

  private identify(mine: JsonObject, definition: JsonObject): Finding {
    const board = `${text(definition, 'vendor')} ${text(definition, 'model')}`.trim();
    const serial = text(mine, 'ieee_address').replace(/^0x/, '');
    return { type: 'identity', board, firmware: text(mine, 'software_build_id'), serial };
  }

  private learn(definition: JsonObject): readonly Finding[] {
    const properties = new Map<string, Property>();
    const findings: Finding[] = [];
    for (const leaf of leavesOf(definition.get('exposes'))) {
      const property = propertyOf(leaf, `${this.topic}/set`);
      if (property === null) continue;
      properties.set(text(leaf, 'property'), property);
      if (property.sensor !== undefined)
        findings.push({ type: 'value', sensor: property.sensor, text: null });
      if (property.output !== undefined) findings.push({ type: 'output', output: property.output });
    }
    this.properties = properties;
    return [...findings, ...this.presence()];
  }

  private onState(payload: string): readonly Finding[] {
    const json = readJsonObject(payload);
    if (!json.ok) return [refused(json)];
    if (this.properties === null) {
      const detail = `${this.bridge}/devices has not told the units of ${this.device} yet: may it be read?`;
      return [refused(refuse('device-failed', detail))];
    }
    const findings: Finding[] = [];
    for (const [key, value] of json.value) {
      const property = this.properties.get(key);
      if (property !== undefined) findings.push(findingOf(property, jsonText(value) ?? 'null'));
    }
    return findings;
  }
}

const findingOf = ({ words, sensor, output }: Property, value: string): Finding => {
  const index = indexOfWord(words, value);
  if (sensor !== undefined)
    return { type: 'value', sensor, text: index === undefined ? value : String(index) };
  const { name, unit, exponent } = output!;
  const number = words.length > 0 ? ({ ok: false } as const) : quantity(value, { unit, exponent });
  const setting = number.ok ? number.value.mantissa * 10 ** (number.value.exponent - exponent) : index;
  return { type: 'state', name, value: setting };
};

/** '{"state":"online"}', or as older versions and a setting have it: 'online'. */
const isOnline = (payload: string): boolean => {
  const json = readJson(payload);
  return (json.ok && isJsonObject(json.value) ? text(json.value, 'state') : payload.trim()) === 'online';
};

export const zigbee2mqtt = (device: string, prefix = 'zigbee2mqtt'): Source =>
  new Zigbee2mqtt(device, prefix);
