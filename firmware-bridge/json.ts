/**
 * JSON of devices (RFC 8259), with its numbers as they are written: `JSON.parse` would make floats of them,
 * and what is signed never was one. Objects are Maps, so no key is special; a key that stands twice is
 * refused, because two readers would sell different values of it.
 */

import { ok, type Result, refuse } from '../schemas/result.ts';

export class JsonNumber {
  /** As it stands in the text. */
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** Devices nest three or four deep; each level is one of the stack. */
const DEPTH_MAX = 32;
const SHOWN_MAX = 24;

const WORDS: readonly (readonly [string, Json])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Up to the next escape or quote: all but those two and the control characters (section 7). */
const PLAIN = /[ !#-[\]-\uffff]*/y;
const BLANK = /[ \t\n\r]*/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Thrown inside, told outside. */
class Malformed {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): Json {
    const value = this.value(0);
    if (this.at < this.text.length) throw this.unexpected('its end');
    return value;
  }

  private unexpected(expected: string): Malformed {
    const found = this.text.slice(this.at, this.at + SHOWN_MAX);
    return new Malformed(`${found === '' ? 'it ends' : JSON.stringify(found)} where ${expected} should be`);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const matched = pattern.exec(this.text)?.[0] ?? '';
    this.at += matched.length;
    return matched;
  }

  /** The next sign, if it is that one, and the blanks behind it. */
  private take(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at++;
    this.match(BLANK);
    return true;
  }

  private value(depth: number): Json {
    if (depth > DEPTH_MAX) throw new Malformed(`it nests deeper than ${DEPTH_MAX}`);
    this.match(BLANK);
    const value = this.bare(depth);
    this.match(BLANK);
    return value;
  }

  private bare(depth: number): Json {
    if (this.take('{')) return this.object(depth);
    if (this.take('[')) return this.array(depth);
    if (this.text[this.at] === '"') return this.string();
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    const number = this.match(NUMBER);
    if (number === '') throw this.unexpected('a value');
    return new JsonNumber(number);
  }

  private object(depth: number): JsonObject {
    const object = new Map<string, Json>();
    if (this.take('}')) return object;
    do {
      if (this.text[this.at] !== '"') throw this.unexpected('a key');
      const key = this.string();
      if (object.has(key)) throw new Malformed(`the key ${JSON.stringify(key)} stands twice`);
      this.match(BLANK);
      if (!this.take(':')) throw this.unexpected('a colon');
      object.set(key, this.value(depth + 1));
    } while (this.take(','));
    if (!this.take('}')) throw this.unexpected('a comma or a brace');
    return object;
  }

  private array(depth: number): Json[] {
    const array: Json[] = [];
    if (this.take(']')) return array;
    do array.push(this.value(depth + 1));
    while (this.take(','));
    if (!this.take(']')) throw this.unexpected('a comma or a bracket');
    return array;
  }

  private string(): string {
    this.at++;
    let string = this.match(PLAIN);
    while (this.text[this.at] === '\\') string += this.escape() + this.match(PLAIN);
    if (this.text[this.at] !== '"') throw this.unexpected('the end of a string');
    this.at++;
    return string;
  }

  private escape(): string {
    const sign = this.text[this.at + 1] ?? '';
    const hex = this.text.slice(this.at + 2, this.at + 6);
    if (sign === 'u' && /^[0-9a-fA-F]{4}$/.test(hex)) {
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    if (!Object.hasOwn(ESCAPES, sign)) throw this.unexpected('an escape of JSON');
    this.at += 2;
    return ESCAPES[sign]!;
  }
}

/** Whoever gives the text bounds its length. Code: object-malformed (says where, and what was expected). */
export const readJson = (text: string): Result<Json> => {
  try {
    return ok(new Reader(text).whole());
  } catch (raised) {
    if (raised instanceof Malformed) return refuse('object-malformed', `no JSON: ${raised.why}`);
    throw raised;
  }
};

export const isJsonObject = (value: Json | undefined): value is JsonObject => value instanceof Map;

/** Code: object-malformed, also for what is no object. */
export const readJsonObject = (text: string): Result<JsonObject> => {
  const read = readJson(text);
  if (!read.ok) return read;
  if (isJsonObject(read.value)) return ok(read.value);
  return refuse('object-malformed', `${text.slice(0, SHOWN_MAX)} is JSON, but no object`);
};

/** A number as it is written, a string, true or false; undefined for null, lists and objects. */
export const jsonText = (value: Json | undefined): string | undefined => {
  if (value instanceof JsonNumber) return value.text;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
};
