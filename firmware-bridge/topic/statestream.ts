/**
 * Home Assistant's statestream: an entity by its id (`sensor.outdoor`), or a whole domain (`sensor`).
 *
 *     homeassistant/sensor/outdoor/state                 21.5
 *     homeassistant/sensor/outdoor/unit_of_measurement   "°C"
 *     homeassistant/sensor/outdoor/device_class          "temperature"
 *
 * Attributes are JSON, the state is not. It must be set to `publish_attributes: true`, or units are unknown.
 * There is no last will: what is silent is gone. All is retained, and published only when it changes.
 */

import { refuse } from '../../schemas/result.ts';
import { readJson } from '../json.ts';
import { kindOf, senmlName, unitOf } from './naming.ts';
import { type Finding, indexOfWord, type Message, type Sensor, type Source } from './source.ts';

/** A quantity that does not change for an hour is still there more often than not. */
const SILENCE_MS = 3_600_000;
/** Entities of a domain: more than a device may have capabilities, so that a refusal can tell. */
const ENTITIES_MAX = 256;

/** Domains whose entities are on or off. */
const BINARY = ['binary_sensor', 'switch', 'input_boolean', 'light', 'fan'];
const OFF_ON = ['off', 'on'];
const GONE = 'unavailable';

type Entity = { readonly binary: boolean; unit: string; deviceClass: string };

class Statestream implements Source {
  readonly board = 'Home Assistant';
  readonly known: readonly Finding[] = [];
  readonly mustSpeak = true;
  readonly silenceMs = SILENCE_MS;
  readonly filters: readonly string[];
  private readonly entities = new Map<string, Entity>();
  /** There is but one, and it says itself whether it is there. */
  private readonly single: boolean;

  constructor(device: string, prefix: string) {
    const [domain, id = '+'] = device.split('.');
    this.single = id !== '+';
    this.filters = ['unit_of_measurement', 'device_class', 'state'].map(
      (what) => `${prefix}/${domain}/${id}/${what}`,
    );
  }

  reset(): void {}

  read({ topic, payload }: Message): readonly Finding[] {
    const [what, id, domain] = topic.split('/').reverse() as [string, string, string];
    const entity = this.entities.get(id) ?? { binary: BINARY.includes(domain), unit: '', deviceClass: '' };
    if (!this.entities.has(id)) {
      if (this.entities.size >= ENTITIES_MAX) {
        const detail = `more than ${ENTITIES_MAX} entities in ${domain}: name one`;
        return [{ type: 'refused', refusal: refuse('busy', detail) }];
      }
      this.entities.set(id, entity);
    }
    if (what === 'state') return this.onState(id, entity, topic, payload);
    const json = readJson(payload);
    if (!json.ok) return [{ type: 'refused', refusal: json }];
    const told = typeof json.value === 'string' ? json.value : '';
    if (what === 'device_class') entity.deviceClass = told;
    else entity.unit = told;
    // Not yet known: what comes next may say what it is of.
    return what === 'device_class' || entity.deviceClass === '' ? [] : [sensorFinding(id, entity, null)];
  }

  private onState(id: string, entity: Entity, topic: string, payload: string): readonly Finding[] {
    const presence: Finding = {
      type: 'presence',
      online: payload !== GONE,
      detail: `${topic} says ${payload}`,
    };
    const presences = this.single ? [presence] : [];
    if (!entity.binary && entity.unit === '') {
      const detail = `nobody told the unit of ${topic}: statestream needs publish_attributes: true`;
      return [...presences, { type: 'refused', refusal: refuse('device-failed', detail) }];
    }
    const index = entity.binary ? indexOfWord(OFF_ON, payload) : undefined;
    return [...presences, sensorFinding(id, entity, index === undefined ? payload : String(index))];
  }
}

const sensorFinding = (id: string, { binary, unit, deviceClass }: Entity, text: string | null): Finding => {
  const kind = kindOf(deviceClass || id);
  const sensor: Sensor = { name: senmlName(id), kind, measure: { unit: binary ? '/' : unitOf(kind, unit) } };
  return { type: 'value', sensor, text };
};

export const statestream = (device: string, prefix = 'homeassistant'): Source =>
  new Statestream(device, prefix);
