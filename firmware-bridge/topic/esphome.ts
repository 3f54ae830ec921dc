/**
 * ESPHome: a node by its name; `prefix` where its `topic_prefix` is another.
 *
 *     <prefix>/sensor/<id>/state         21.5      also binary_sensor and switch: ON, OFF
 *     <prefix>/switch/<id>/command       ON
 *     <prefix>/status                    online, or by its last will offline; retained
 *     homeassistant/sensor/<node>/<id>/config    the unit of a sensor and what it is of; retained
 *
 * Units stand only in what is told to Home Assistant: without `discovery` a sensor must be declared.
 */

import { refuse } from '../../schemas/result.ts';
import { isJsonObject, type JsonObject, jsonText, readJsonObject } from '../json.ts';
import { kindOf, senmlName, unitOf } from './naming.ts';
import { OFF_ON, switchOutput } from './output.ts';
import { type Finding, indexOfWord, type Message, type Sensor, type Source } from './source.ts';

const DISCOVERY = 'homeassistant';
/** Whatever a node has; the bound of a map that strangers could fill. */
const SENSORS_MAX = 128;

/** Discovery has short names and long ones. */
const field = (config: JsonObject, ...names: readonly string[]): string => {
  for (const name of names) if (config.has(name)) return jsonText(config.get(name)) ?? '';
  return '';
};

class Esphome implements Source {
  readonly board = 'ESPHome';
  readonly known: readonly Finding[] = [];
  readonly mustSpeak = true;
  readonly silenceMs = 0;
  readonly filters: readonly string[];
  private readonly prefix: string;
  /** By state topic. */
  private readonly sensors = new Map<string, Sensor>();

  constructor(device: string, prefix: string) {
    this.prefix = prefix;
    this.filters = [
      `${prefix}/status`,
      `${DISCOVERY}/+/${device}/+/config`,
      `${prefix}/sensor/+/state`,
      `${prefix}/binary_sensor/+/state`,
      `${prefix}/switch/+/state`,
    ];
  }

  reset(): void {}

  read(message: Message): readonly Finding[] {
    const { topic, payload } = message;
    if (topic === `${this.prefix}/status`)
      return [{ type: 'presence', online: payload.trim() === 'online', detail: `${topic} says ${payload}` }];
    if (topic.endsWith('/config')) return this.onConfig(message);
    const [component, id] = topic.slice(this.prefix.length + 1).split('/') as [string, string];
    if (component === 'switch') return this.onSwitch(id, payload);
    const binary = { name: senmlName(id), kind: kindOf(id), measure: { unit: '/' } };
    const sensor = this.sensors.get(topic) ?? (component === 'binary_sensor' ? binary : undefined);
    if (sensor === undefined) {
      const detail = `nobody told the unit of ${topic}: enable its discovery, or declare it as a sensor`;
      return [{ type: 'refused', refusal: refuse('device-failed', detail) }];
    }
    const index = component === 'sensor' ? undefined : indexOfWord(OFF_ON, payload);
    return [{ type: 'value', sensor, text: index === undefined ? payload.trim() : String(index) }];
  }

  private onSwitch(id: string, payload: string): readonly Finding[] {
    const name = senmlName(id);
    return [
      { type: 'output', output: switchOutput(name, `${this.prefix}/switch/${id}/command`) },
      { type: 'state', name, value: indexOfWord(OFF_ON, payload) },
    ];
  }

  private onConfig({ topic, payload }: Message): readonly Finding[] {
    if (payload === '') return []; // it is not there any more
    const json = readJsonObject(payload);
    if (!json.ok) return [{ type: 'refused', refusal: json }];
    const config = json.value;
    const [, component, , id = ''] = topic.split('/');
    const findings = identify(config);
    if (component !== 'sensor' && component !== 'binary_sensor') return findings;
    const kind = kindOf(field(config, 'dev_cla', 'device_class') || id);
    const told = component === 'sensor' ? field(config, 'unit_of_meas', 'unit_of_measurement') : '/';
    const sensor = { name: senmlName(id), kind, measure: { unit: unitOf(kind, told) } };
    const state = field(config, 'stat_t', 'state_topic') || `${this.prefix}/${component}/${id}/state`;
    if (this.sensors.size < SENSORS_MAX) this.sensors.set(state, sensor);
    return [...findings, { type: 'value', sensor, text: null }];
  }
}

const identify = (config: JsonObject): readonly Finding[] => {
  const device = config.get('dev') ?? config.get('device');
  if (!isJsonObject(device)) return [];
  const board = field(device, 'mdl', 'model') || 'ESPHome';
  const firmware = field(device, 'sw', 'sw_version');
  return [{ type: 'identity', board, firmware, serial: field(device, 'ids', 'identifiers') }];
};

export const esphome = (device: string, prefix = device): Source => new Esphome(device, prefix);
