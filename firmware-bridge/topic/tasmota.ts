/**
 * Tasmota: a device by its topic.
 *
 *     tele/<topic>/SENSOR   {"Time":"...","AM2301":{"Temperature":21.3,"Humidity":45.1},"TempUnit":"C"}
 *     tele/<topic>/STATE    {"Time":"...","POWER1":"ON",...}
 *     tele/<topic>/LWT      Online, or by its last will Offline; retained
 *     stat/<topic>/RESULT   {"POWER1":"ON"}
 *     cmnd/<topic>/POWER1   ON
 *
 * Units of temperature, pressure and speed are the device's choice and told with each message; the others
 * are fixed by the name of the field. A field that is not in the table is refused: declare it as a sensor.
 */

import { isJsonObject, type Json, JsonNumber, type JsonObject, jsonText, readJsonObject } from '../json.ts';
import { kindOf, senmlName } from './naming.ts';
import { OFF_ON, switchOutput } from './output.ts';
import { type Finding, indexOfWord, type Message, type Source } from './source.ts';

/** Units of fields, by sentences about many: `TempUnit` and the like stand in the message. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  TempUnit: ['Temperature', 'DewPoint', 'HeatIndex', 'ObjectTemperature', 'AmbientTemperature'],
  PressureUnit: ['Pressure', 'SeaPressure'],
  SpeedUnit: ['Speed', 'WindSpeed', 'WindGust'],
  '%RH': ['Humidity'],
  '%EL': ['Battery', 'BatteryPercentage'],
  '%': ['Moisture'],
  lx: ['Illuminance'],
  ppm: ['CarbonDioxide', 'eCO2', 'TDS'],
  ppb: ['TVOC'],
  cm: ['Distance'],
  W: ['Power', 'Load'],
  VA: ['ApparentPower'],
  var: ['ReactivePower'],
  '/': ['Factor'],
  V: ['Voltage'],
  A: ['Current'],
  Hz: ['Frequency'],
  kWh: ['Total', 'Today', 'Yesterday', 'ExportActive'],
  'ug/m3': ['PM1', 'PM2.5', 'PM10', 'CF1', 'CF2.5', 'CF10'],
  kΩ: ['Gas'],
  '°': ['Direction', 'WindDirection'],
  kg: ['Weight'],
};

const UNIT_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(UNITS).flatMap(([unit, fields]) => fields.map((field) => [field, unit] as const)),
);

/** Of an energy meter, whose fields say no more than when. */
const ENERGY: Readonly<Record<string, string>> = {
  Total: 'energy',
  Today: 'energy-today',
  Yesterday: 'energy-yesterday',
  ExportActive: 'energy-exported',
};

/** Numbers that say something about the device or its clock, and nothing measured. */
const ASIDE = new Set(['Period', 'Id', 'Version', 'Raw', 'Event']);

/** In Tasmota's words, where they are not SenML's. */
const DEVICE_UNITS: Readonly<Record<string, string>> = { C: '°C', F: '°F' };

const POWER = /^POWER\d{0,2}$/;
const SWITCH = /^Switch\d{1,2}$/;

const unitOfField = (field: string, message: JsonObject): string => {
  const known = /^C\d$/.test(field) ? 'count' : (UNIT_OF.get(field) ?? '');
  if (!known.endsWith('Unit')) return known;
  const told = jsonText(message.get(known)) ?? '';
  return DEVICE_UNITS[told] ?? told;
};

const valuesOf = (group: string, field: string, value: Json, message: JsonObject): Finding[] => {
  if (Array.isArray(value))
    // A meter of several phases lists them.
    return value.flatMap((item, i) => findingsOf(`${group}.${field}.${i + 1}`, field, item, message));
  return findingsOf(`${group}.${field}`, field, value, message);
};

const findingsOf = (name: string, field: string, value: Json, message: JsonObject): Finding[] => {
  if (!(value instanceof JsonNumber || value === null) || ASIDE.has(field)) return [];
  const sensor = {
    name: senmlName(name),
    kind: ENERGY[field] ?? kindOf(field),
    measure: { unit: unitOfField(field, message) },
  };
  return [{ type: 'value', sensor, text: jsonText(value) ?? 'null' }];
};

const sensorFindings = (message: JsonObject): Finding[] =>
  [...message].flatMap(([group, value]) => {
    if (isJsonObject(value))
      return [...value].flatMap(([field, item]) => valuesOf(group, field, item, message));
    if (!SWITCH.test(group)) return [];
    const sensor = { name: group, kind: 'switch', measure: { unit: '/' } };
    const told = jsonText(value) ?? 'null';
    return [{ type: 'value', sensor, text: String(indexOfWord(OFF_ON, told) ?? told) }];
  });

class Tasmota implements Source {
  readonly board = 'Tasmota';
  readonly known: readonly Finding[] = [];
  readonly mustSpeak = true;
  readonly silenceMs = 0;
  readonly filters: readonly string[];
  private readonly topicOf: (prefix: string, what: string) => string;

  constructor(device: string, fullTopic: string) {
    this.topicOf = (prefix, what) =>
      `${fullTopic.replace('%prefix%', prefix).replace('%topic%', device).replace(/\/$/, '')}/${what}`;
    this.filters = [
      this.topicOf('tele', 'LWT'),
      this.topicOf('tele', 'INFO1'),
      this.topicOf('tele', 'STATE'),
      this.topicOf('tele', 'SENSOR'),
      this.topicOf('stat', 'RESULT'),
    ];
  }

  reset(): void {}

  read({ topic, payload }: Message): readonly Finding[] {
    if (topic === this.topicOf('tele', 'LWT')) {
      const detail = `${topic} says ${payload}`;
      return [{ type: 'presence', online: payload.trim() === 'Online', detail }];
    }
    const json = readJsonObject(payload);
    if (!json.ok) return [{ type: 'refused', refusal: json }];
    if (topic === this.topicOf('tele', 'SENSOR')) return sensorFindings(json.value);
    if (topic === this.topicOf('tele', 'INFO1')) return this.identify(json.value);
    return this.powerFindings(json.value);
  }

  private identify(message: JsonObject): readonly Finding[] {
    const info = message.get('Info1') ?? message;
    if (!isJsonObject(info)) return [];
    const board = jsonText(info.get('Module')) ?? this.board;
    return [{ type: 'identity', board, firmware: jsonText(info.get('Version')) ?? '', serial: '' }];
  }

  private powerFindings(message: JsonObject): readonly Finding[] {
    return [...message].flatMap(([name, value]): Finding[] => {
      if (!POWER.test(name)) return [];
      const output = switchOutput(name, this.topicOf('cmnd', name));
      const state = indexOfWord(OFF_ON, jsonText(value) ?? '');
      return [
        { type: 'output', output },
        { type: 'state', name, value: state },
      ];
    });
  }
}

/** `prefix` is the device's FullTopic. */
export const tasmota = (device: string, prefix = '%prefix%/%topic%'): Source => new Tasmota(device, prefix);
