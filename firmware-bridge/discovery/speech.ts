/** What bytes of a line are: an answer of our firmware, of Firmata, or text of an instrument. */

import { FrameDecoder } from '../../schemas/frame.ts';
import { decodeSerial, type Identity, SERIAL_MESSAGE_BYTES_MAX } from '../../schemas/serial.ts';

/** An identity of our firmware, or of the protocol that another version of it speaks. */
export type FramesSpeech = { readonly identity: Identity } | { readonly foreign: string };

export const framesIn = (bytes: Uint8Array): FramesSpeech | undefined => {
  let found: FramesSpeech | undefined;
  const onFrame = (encoded: Uint8Array): void => {
    const message = decodeSerial(encoded);
    if (message.ok && message.value.type === 'identity') found = { identity: message.value };
    else if (!message.ok && message.code === 'protocol-unsupported') found = { foreign: message.detail };
  };
  new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX).push(bytes, onFrame, () => {});
  return found;
};

export type FirmataSpeech = { readonly firmware: string; readonly version: string };

/** REPORT_FIRMWARE (Firmata protocol 2): f0 79 major minor, the name in pairs of 7 bits, f7. */
export const firmataIn = (bytes: Uint8Array): FirmataSpeech | undefined => {
  const text = Buffer.from(bytes).toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the protocol's bytes
  const report = /\xf0\x79([\x00-\x7f])([\x00-\x7f])((?:[\x00-\x7f][\x00-\x01])*)\xf7/.exec(text);
  if (report === null) return undefined;
  const [, major, minor, pairs] = report;
  let firmware = '';
  for (let i = 0; i < pairs!.length; i += 2)
    firmware += String.fromCharCode(pairs!.charCodeAt(i) | (pairs!.charCodeAt(i + 1) << 7));
  return {
    firmware: firmware.replace(/[^\x20-\x7e]/g, '?'),
    version: `${major!.charCodeAt(0)}.${minor!.charCodeAt(0)}`,
  };
};

export type TextFormat = 'nmea' | 'ultimeter' | 'json' | 'csv' | 'key-value';
export type TextSpeech = {
  readonly format: TextFormat;
  /** Of csv. */
  readonly delimiter: 'comma' | 'semicolon' | 'tab' | null;
  /** What stands for a number: keys, columns from 1, JSON pointers. None where the format says it itself. */
  readonly fields: readonly string[];
  /** A line as it came. */
  readonly sample: string;
};

/** A configuration maps the few that a person wants. */
const FIELDS_MAX = 16;
const POINTER_DEPTH_MAX = 4;
const DELIMITERS = [
  ['comma', ','],
  ['semicolon', ';'],
  ['tab', '\t'],
] as const;
const NUMBER = /^\s*[+-]?\d+(\.\d+)?/;

/** Whole lines that a person could read; the first may have lost its beginning. */
const linesIn = (bytes: Uint8Array): string[] => {
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r\n|\r|\n/);
  return lines.slice(1, -1).filter((line) => /^[\t\x20-\x7e\xa0-\xff]{3,}$/.test(line));
};

const isNmea = (line: string): boolean => {
  const sentence = /^[$!]([^*]+)\*([0-9A-F]{2})$/i.exec(line);
  if (sentence === null) return false;
  let sum = 0;
  for (const letter of sentence[1]!) sum ^= letter.charCodeAt(0);
  return sum === Number.parseInt(sentence[2]!, 16);
};

const numbersIn = (value: unknown, path: string, depth: number): string[] => {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null || depth === POINTER_DEPTH_MAX) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    numbersIn(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1),
  );
};

const jsonFields = (line: string): string[] => {
  try {
    return numbersIn(JSON.parse(line), '', 0).filter((pointer) => pointer !== '');
  } catch {
    return [];
  }
};

const keyFields = (line: string): string[] =>
  [...line.matchAll(/(?:^|[,;\t\s])([A-Za-z][^\s=:,;]*)\s*[=:]\s*[+-]?\d/g)].map((pair) => pair[1]!);

const csvIn = (lines: readonly string[]): Omit<TextSpeech, 'sample'> | undefined => {
  for (const [delimiter, letter] of DELIMITERS) {
    const rows = lines.map((line) => line.split(letter));
    const columns = rows[0]?.length ?? 0;
    if (rows.length < 2 || columns < 2 || rows.some((row) => row.length !== columns)) continue;
    const numeric = [...Array(columns).keys()].filter((i) => rows.every((row) => NUMBER.test(row[i]!)));
    const fields = numeric.map((i) => String(i + 1));
    if (fields.length > 0) return { format: 'csv', delimiter, fields };
  }
  return undefined;
};

/** The strictest format that explains what was heard. */
export const textIn = (bytes: Uint8Array): TextSpeech | undefined => {
  const lines = linesIn(bytes);
  const nmea = lines.find(isNmea);
  if (nmea !== undefined) return { format: 'nmea', delimiter: null, fields: [], sample: nmea };
  const ultimeter = lines.find((line) => /^(!!|\$ULTW|&CR&)[0-9A-F-]{16,}$/i.test(line));
  if (ultimeter !== undefined) return { format: 'ultimeter', delimiter: null, fields: [], sample: ultimeter };
  for (const [format, fieldsOf] of [
    ['json', jsonFields],
    ['key-value', keyFields],
  ] as const) {
    const sample = lines.find((line) => fieldsOf(line).length > 0);
    if (sample === undefined) continue;
    return { format, delimiter: null, fields: fieldsOf(sample).slice(0, FIELDS_MAX), sample };
  }
  const csv = csvIn(lines);
  return csv && { ...csv, fields: csv.fields.slice(0, FIELDS_MAX), sample: lines[0]! };
};
