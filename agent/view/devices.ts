/** What is at the serial ports, as a table for a person and as YAML for a configuration. */

import type { Found } from '../../firmware-bridge/discovery/identify.ts';
import type { PortName } from '../../firmware-bridge/discovery/ports.ts';
import type { TextSpeech } from '../../firmware-bridge/discovery/speech.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Result } from '../../schemas/result.ts';
import { ROLE } from '../../schemas/serial.ts';
import type { Styles } from './style.ts';
import { tableLines } from './table.ts';

export type Looked = { readonly port: PortName; readonly found: Result<Found> };

const COLUMNS = [{ title: 'port' }, { title: 'now' }, { title: 'what' }, { title: 'says' }];
const SAMPLE_LENGTH = 48;
/** As an erased EEPROM has it: such boards cannot be told apart. */
const NO_SERIAL = 'f'.repeat(16);

const cut = (text: string): string =>
  text.length > SAMPLE_LENGTH ? `${text.slice(0, SAMPLE_LENGTH - 1)}…` : text;

const rolesText = (roles: number): string => {
  const parts: string[] = [];
  if ((roles & ROLE.meter) !== 0) parts.push((roles & ROLE.meterKey) !== 0 ? 'meter' : 'meter without a key');
  if ((roles & ROLE.payer) !== 0)
    parts.push((roles & ROLE.payerSecret) !== 0 ? 'payer' : 'payer without a secret');
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`;
};

/** What it is, and what it says of itself. */
const cellsOf = (found: Found): [string, string] => {
  switch (found.driver) {
    case 'frames': {
      const { board, firmware, serial, capabilities, roles } = found.identity;
      const names = capabilities.map((one) => one.name).join(', ');
      return [`${board} ${firmware}, ${toHex(serial)}`, `${names}${rolesText(roles)}`];
    }
    case 'frames-foreign':
      return ['our firmware, another version', found.detail];
    case 'firmata':
      return [`Firmata: ${found.firmware} ${found.version}`, `${found.baudRate} baud`];
    case 'lines':
      return [`text, ${found.text.format}`, `${found.baudRate} baud: ${cut(found.text.sample)}`];
    case null:
      return found.heard === 0
        ? ['silent', 'is it powered? does it wait for a command?']
        : ['unknown', `${found.heard} bytes at ${found.baudRate} baud, none of a kind that is known here`];
  }
};

const rowOf = ({ port, found }: Looked, styles: Styles): string[] => {
  const now = port.target === port.path ? '' : port.target;
  if (!found.ok) return [port.path, now, styles.red(found.code), found.detail];
  const [what, says] = cellsOf(found.value);
  return [port.path, now, found.value.driver === null ? styles.yellow(what) : styles.green(what), says];
};

export const lookedLines = (looked: readonly Looked[], styles: Styles): string[] =>
  tableLines(
    COLUMNS,
    looked.map((one) => rowOf(one, styles)),
    styles,
  );

// YAML

/** A name for machines, made of whatever an instrument calls it. */
const nameFrom = (text: string, taken: Set<string>): string => {
  const base = text.replace(/[^A-Za-z0-9:./_-]+/g, '-').replace(/^[^A-Za-z0-9]+|-+$/g, '') || 'device';
  let name = base.slice(0, 48);
  for (let i = 2; taken.has(name); i++) name = `${base.slice(0, 48)}-${i}`;
  taken.add(name);
  return name;
};

const mappingLines = (fields: readonly string[]): string[] => {
  const taken = new Set<string>();
  return fields.flatMap((field) => {
    const last = field.slice(field.lastIndexOf('/') + 1);
    const name = nameFrom(/^\d+$/.test(last) ? `column-${last}` : last, taken);
    return [
      `        - field: ${JSON.stringify(field)}`,
      `          name: ${name}`,
      `          kind: ${name}  # what it measures: temperature, pressure, wind-speed`,
      '          unit: "?"  # the unit it is written in, which only its owner knows: °C, hPa, m/s',
    ];
  });
};

const textLines = ({ format, delimiter, fields }: TextSpeech): string[] => [
  '    text:',
  `      format: ${format}`,
  ...(delimiter === null ? [] : [`      delimiter: ${delimiter}`]),
  ...(fields.length === 0 ? [] : ['      mapping:', ...mappingLines(fields)]),
];

/** What it is called before somebody thinks of a better name; undefined where it is of no use. */
const calledOf = (found: Found): string | undefined => {
  if (found.driver === 'frames') return found.identity.board;
  if (found.driver === 'firmata') return found.firmware.replace(/\.ino$/, '');
  return found.driver === 'lines' ? found.text.format : undefined;
};

type Named = { readonly path: string; readonly name: string; readonly found: Found };

const named = (looked: readonly Looked[]): Named[] => {
  const taken = new Set<string>();
  return looked.flatMap(({ port, found }) => {
    const called = found.ok ? calledOf(found.value) : undefined;
    if (!found.ok || called === undefined) return [];
    return { path: port.path, name: nameFrom(called, taken), found: found.value };
  });
};

const deviceLines = ({ path, name, found }: Named): string[] => {
  const head = [`  - driver: ${found.driver}`, `    name: ${name}`, `    path: ${JSON.stringify(path)}`];
  if (found.driver === 'frames') {
    const serial = toHex(found.identity.serial);
    const isKeyed = (found.identity.roles & ROLE.meterKey) !== 0;
    const pin = serial === NO_SERIAL ? [] : [`    serial: "${serial}"`];
    return [...head, ...pin, ...(isKeyed ? [`    # meterKey: ${name}.meter-key`] : [])];
  }
  if (found.driver === 'lines') return [...head, `    baudRate: ${found.baudRate}`, ...textLines(found.text)];
  if (found.driver === 'firmata')
    return [
      ...head,
      `    baudRate: ${found.baudRate}`,
      '    # sensors: and outputs: what is wired to its pins; see tollbridge agent --example-config',
    ];
  return [];
};

/** What our boards say of their sensors, for whoever takes the marks away and thinks of a price. */
const offerLines = (devices: readonly Named[]): string[] => {
  const taken = new Set<string>();
  return devices.flatMap(({ name: device, found }) => {
    if (found.driver !== 'frames') return [];
    const sensors = found.identity.capabilities.filter((one) => one.direction === 'sensor');
    return sensors.map(({ name: sensor }) => {
      const name = nameFrom(sensor, taken);
      return `#  - { name: ${name}, device: ${device}, sensor: ${JSON.stringify(sensor)}, price: 0.002 }`;
    });
  });
};

/** For a configuration of an agent; none where nothing was recognised. */
export const yamlLines = (looked: readonly Looked[]): string[] => {
  const devices = named(looked);
  if (devices.length === 0) return [];
  const offers = offerLines(devices);
  return ['devices:', ...devices.flatMap(deviceLines), ...(offers.length === 0 ? [] : ['#sell:', ...offers])];
};
