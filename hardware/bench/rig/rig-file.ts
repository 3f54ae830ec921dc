/**
 * The rig file: the boards of a bench, in YAML. Every mistake is told with its line and column, all at once.
 * Relative paths begin at the file.
 */

import { dirname, resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

/** More is no bench on one machine, and a mistake in a generated file. */
const BOARDS_MAX = 64;
const WIRES_MAX = 16;
const LENGTH_MAX = 200_000;
const PROBLEMS_MAX = 10;

/** Something at the board: a sensor and what it may read there, or an output, and the sensor that sees it. */
export type Wire = {
  readonly sensor: string | undefined;
  /** In the unit of the capability. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** An output that the bench may move. */
  readonly output: string | undefined;
  /** The channel that reads what the output was set to. */
  readonly reads: string | undefined;
};

type Common = {
  readonly name: string;
  readonly wired: readonly Wire[];
  /** Of a board with a meter; one that has none yet is given this one, for ever. */
  readonly meterKey: Uint8Array | undefined;
};
export type Avr8jsBoard = Common & {
  readonly kind: 'avr8js';
  readonly board: 'station' | 'valve';
  readonly firmware: string | undefined;
};
export type SimavrBoard = Common & {
  readonly kind: 'simavr';
  readonly firmware: string;
  readonly bootloader: string;
  /** Volts at ADC inputs 0, 1, ... in thousandths. */
  readonly analogMv: readonly number[];
};
/** A micro:bit. */
export type QemuBoard = Common & { readonly kind: 'qemu'; readonly firmware: string };
export type EspruinoBoard = Common & { readonly kind: 'espruino'; readonly program: string };
export type PortBoard = Common & {
  readonly kind: 'port';
  readonly port: string;
  readonly firmware: string | undefined;
  /** Arguments of avrdude but -P and -U. */
  readonly avrdude: readonly string[];
  readonly reset: 'dtr' | 'none';
  /** HUB:PORT, for uhubctl. */
  readonly hub: string | undefined;
  /** Commands for the shell, where a relay or a power supply switches the board. */
  readonly powerOff: string | undefined;
  readonly powerOn: string | undefined;
};
export type Board = Avr8jsBoard | SimavrBoard | QemuBoard | EspruinoBoard | PortBoard;

const OPTIBOOT = '/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot_atmega328.hex';
const AVRDUDE = '-p m328p -c arduino -b 115200 -D';

/** What a scalar's text may be; `read` answers undefined for what it is not. */
type Field = {
  readonly expected: string;
  readonly read: (text: string, directory: string) => unknown;
  /** Where the file says nothing; without one the key is needed. */
  readonly preset?: string | undefined;
  readonly optional?: true;
};

const text = (expected: string, pattern: RegExp): Field => ({
  expected,
  read: (given) => (pattern.test(given) ? given : undefined),
});
const path: Field = { expected: 'a path', read: (given, directory) => given && resolve(directory, given) };
const choice = (...words: readonly string[]): Field => ({
  expected: `one of ${words.join(', ')}`,
  read: (given) => words.find((word) => word === given),
});
const number: Field = {
  expected: 'a number such as -12.5',
  read: (given) => (/^[+-]?\d{1,12}(\.\d{1,9})?$/.test(given) ? Number(given) : undefined),
};
const words: Field = { expected: 'words with spaces between', read: (given) => given.trim().split(/\s+/) };
const millivolts: Field = {
  expected: 'up to 8 whole numbers from 0 to 5000, with spaces between',
  read: (given) => {
    const list = given.trim().split(/\s+/);
    return list.length <= 8 && list.every((one) => /^\d{1,4}$/.test(one) && Number(one) <= 5000)
      ? list.map(Number)
      : undefined;
  },
};
const optional = (field: Field): Field => ({ ...field, optional: true });
const preset = (field: Field, given: string): Field => ({ ...field, preset: given });

const NAME = text('letters, digits, - and _, at most 32', /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/);
const KEY: Field = {
  expected: '64 hexadecimal digits',
  read: (given) => (/^[0-9a-f]{64}$/i.test(given) ? Uint8Array.from(Buffer.from(given, 'hex')) : undefined),
};
const COMMAND = text('a command for the shell', /\S/);

/** Of every kind. */
const COMMON_FIELDS: Readonly<Record<string, Field>> = { name: NAME, meterKey: optional(KEY) };

const WIRE_FIELDS: Readonly<Record<string, Field>> = {
  sensor: optional(NAME),
  min: optional(number),
  max: optional(number),
  output: optional(NAME),
  reads: optional(NAME),
};

const KIND_FIELDS: Readonly<Record<Board['kind'], Readonly<Record<string, Field>>>> = {
  avr8js: { board: choice('station', 'valve'), firmware: optional(path) },
  simavr: {
    firmware: path,
    bootloader: preset(path, OPTIBOOT),
    analogMv: preset(millivolts, '0'),
  },
  qemu: { firmware: path },
  espruino: { program: path },
  port: {
    port: path,
    firmware: optional(path),
    avrdude: preset(words, AVRDUDE),
    reset: preset(choice('dtr', 'none'), 'dtr'),
    hub: optional(text('a hub and its port as uhubctl names them, such as 1-1:2', /^[\d.-]+:\d+$/)),
    powerOff: optional(COMMAND),
    powerOn: optional(COMMAND),
  },
};

const KINDS = Object.keys(KIND_FIELDS) as readonly Board['kind'][];

/** The boards, in the order of the file; `content` is its text. Code: config-invalid. */
export const readRigFile = (file: string, content: string): Result<readonly Board[]> => {
  if (content.length > LENGTH_MAX)
    return refuse(
      'config-invalid',
      `${file} has ${content.length} characters, at most ${LENGTH_MAX} are read`,
    );
  const lines = new LineCounter();
  // 'failsafe' leaves every scalar as it was written: no "no" becomes false.
  const document = parseDocument(content, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const reader = new RigReader(dirname(resolve(file)));
  for (const error of document.errors) reader.problem(error.pos[0], `not YAML: ${error.message}`);
  const boards = reader.problems.length === 0 ? reader.boards(document.contents) : [];
  if (reader.problems.length === 0) return ok(boards);
  const told = reader.problems.slice(0, PROBLEMS_MAX).map(({ offset, sentence }) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: ${sentence}`;
  });
  return refuse('config-invalid', told.join('\n'));
};

type Values = Record<string, unknown>;

class RigReader {
  readonly problems: { readonly offset: number; readonly sentence: string }[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  problem(offset: number, sentence: string): void {
    this.problems.push({ offset, sentence });
  }

  boards(root: Node | null): readonly Board[] {
    const list = isMap(root) ? root.get('boards', true) : undefined;
    if (isMap(root)) this.#knownKeys(root, ['boards'], 'the file');
    const boards = this.#items(list, root, 'boards', BOARDS_MAX).map((item, i) => this.#board(item, i));
    for (const [i, board] of boards.entries()) {
      const twice = boards.findIndex((other) => other.name === board.name) < i && board.name !== undefined;
      if (twice) this.problem(offsetOf(list), `"${board.name}" stands twice in boards: names must differ`);
    }
    return boards;
  }

  #board(item: Node | null, index: number): Board {
    const name = `boards[${index + 1}]`;
    const map = this.#map(item, name);
    const kind = this.#scalar(map, 'kind', choice(...KINDS), name) as Board['kind'] | undefined;
    const fields: Readonly<Record<string, Field>> = { ...COMMON_FIELDS, ...(kind && KIND_FIELDS[kind]) };
    if (map !== undefined && kind !== undefined)
      this.#knownKeys(map, ['kind', 'wired', ...Object.keys(fields)], `a board of kind ${kind}`);
    const wires = map?.get('wired', true);
    const wired = isEmpty(wires)
      ? []
      : this.#items(wires, item, `${name}.wired`, WIRES_MAX).map((wire, i) => this.#wire(wire, name, i));
    return { kind, wired, ...this.#fields(map, fields, name) } as unknown as Board;
  }

  #wire(item: Node | null, board: string, index: number): Wire {
    const name = `${board}.wired[${index + 1}]`;
    const map = this.#map(item, name);
    if (map !== undefined) this.#knownKeys(map, Object.keys(WIRE_FIELDS), name);
    const wire = this.#fields(map, WIRE_FIELDS, name) as unknown as Wire;
    if (map !== undefined && (wire.sensor === undefined) === (wire.output === undefined))
      this.problem(offsetOf(item), `${name} must name a sensor (with min and max) or an output (with reads)`);
    if (wire.min !== undefined && wire.max !== undefined && wire.min > wire.max)
      this.problem(offsetOf(item), `${name}: min ${wire.min} is above max ${wire.max}`);
    return wire;
  }

  #fields(map: YAMLMap | undefined, fields: Readonly<Record<string, Field>>, name: string): Values {
    const values: Values = {};
    for (const [key, field] of Object.entries(fields)) values[key] = this.#scalar(map, key, field, name);
    return values;
  }

  #scalar(map: YAMLMap | undefined, key: string, field: Field, name: string): unknown {
    if (map === undefined) return undefined;
    const node = map.get(key, true) as Node | undefined;
    if (isEmpty(node)) {
      if (field.preset !== undefined) return field.read(field.preset, this.#directory);
      if (field.optional !== true)
        this.problem(offsetOf(map), `${name}.${key} is missing; write ${field.expected}`);
      return undefined;
    }
    const given = isScalar(node) ? String(node.value) : undefined;
    const value = given === undefined ? undefined : field.read(given, this.#directory);
    if (value === undefined || value === '')
      this.problem(
        offsetOf(node),
        `${name}.${key} must be ${field.expected}, not ${given === undefined ? 'a list or map' : `"${given}"`}`,
      );
    return value;
  }

  #map(item: Node | null, name: string): YAMLMap | undefined {
    if (isMap(item)) return item;
    this.problem(offsetOf(item), `${name} must be a map of keys and values`);
    return undefined;
  }

  #items(list: unknown, parent: Node | null, name: string, max: number): readonly (Node | null)[] {
    if (isSeq(list) && list.items.length >= 1 && list.items.length <= max)
      return list.items as (Node | null)[];
    this.problem(offsetOf(list ?? parent), `${name} must be a list of 1 to ${max} items`);
    return [];
  }

  #knownKeys(map: YAMLMap, known: readonly string[], name: string): void {
    for (const { key } of map.items) {
      if (isScalar(key) && known.includes(String(key.value))) continue;
      const written = isScalar(key) ? String(key.value) : '?';
      this.problem(offsetOf(key), `unknown key "${written}": ${name} has ${known.join(', ')}`);
    }
  }
}

const offsetOf = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0;

/** `key:` with nothing behind it leaves the key out. */
const isEmpty = (node: unknown): boolean =>
  node === undefined || node === null || (isScalar(node) && node.type === 'PLAIN' && node.source === '');
