/** Projects whose topics are known here, by name. */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { isFilter, isTopic } from '../mqtt/filter.ts';
import { esphome } from './esphome.ts';
import type { Source } from './source.ts';
import { sparkplug } from './sparkplug.ts';
import { statestream } from './statestream.ts';
import { tasmota } from './tasmota.ts';
import { weewx } from './weewx.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';

type Open = (device: string, prefix: string | undefined) => Source | undefined;

/** What `device` is, and how it is opened. */
const OPENERS = {
  zigbee2mqtt: ['a friendly name', zigbee2mqtt],
  tasmota: ['the topic of a device', tasmota],
  esphome: ['the name of a node', esphome],
  weewx: ['the topic of a station, such as weather', weewx],
  statestream: ['an entity or a domain, such as sensor.outdoor or sensor', statestream],
  sparkplug: ['group/node or group/node/device', sparkplug],
} as const satisfies Readonly<Record<string, readonly [string, Open]>>;

export type PresetName = keyof typeof OPENERS;

export const PRESETS = Object.keys(OPENERS) as readonly PresetName[];

export type Preset = {
  readonly name: PresetName;
  readonly device: string;
  /** Where the project's topics begin, if it was set to another than the usual. */
  readonly prefix?: string | undefined;
};

/** Code: config-invalid. */
export const presetSource = ({ name, device, prefix }: Preset): Result<Source> => {
  const [what, open] = OPENERS[name] as readonly [string, Open];
  const source =
    isTopic(device) && (prefix === undefined || isTopic(prefix)) ? open(device, prefix) : undefined;
  if (source?.filters.every(isFilter)) return ok(source);
  const where = prefix === undefined ? '' : ` under "${prefix}"`;
  return refuse('config-invalid', `"${device}"${where} is nothing that ${name} has: give ${what}`);
};
