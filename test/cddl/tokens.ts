/** CDDL text to tokens (RFC 8610 appendix B), each with its place for error messages. */

import { fromHex } from '../../schemas/bytes.ts';

export type Token = {
  readonly kind: 'name' | 'number' | 'float' | 'text' | 'bytes' | 'mark' | 'end';
  /** As written: a mark is compared by it, a name is it. */
  readonly source: string;
  readonly value: number | string | Uint8Array;
  readonly start: number;
  readonly end: number;
};

/** A mistake in the CDDL itself, at `file:line:column`. */
export class CddlError extends Error {}

export const errorAt = (name: string, text: string, at: number, message: string): CddlError => {
  const lines = text.slice(0, at).split('\n');
  return new CddlError(`${name}:${lines.length}:${lines.at(-1)!.length + 1}: ${message}`);
};

const SPACE = /(?:\s|;[^\n]*)*/y;

// A name may contain dots, so `a..b` is one name and a range needs spaces there (RFC 8610 section 2.2.2.1).
const SHAPES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['bytes', /(?:h|b64)?'(?:[^'\\]|\\.)*'/y],
  ['text', /"(?:[^"\\\n]|\\.)*"/y],
  ['float', /-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/y],
  ['number', /-?(?:0x[0-9a-fA-F]+|0b[01]+|\d+)/y],
  ['name', /[A-Za-z@_$](?:[-.]*[A-Za-z0-9@_$])*/y],
  ['mark', /\/\/=|\/=|\/\/|=>|\.\.\.|\.\.|\.[a-z]+|[=/:,?*+^~&#<>(){}[\]]/y],
];

const unescaped = (_: string, unit: string | undefined, letter: string): string =>
  unit === undefined
    ? ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }[letter] ?? letter)
    : String.fromCharCode(Number.parseInt(unit, 16));

const bytesOf = (source: string): Uint8Array | undefined => {
  const body = source.slice(source.indexOf("'") + 1, -1);
  if (source.startsWith('h')) return fromHex(body.replace(/\s/g, ''));
  if (source.startsWith('b64')) return new Uint8Array(Buffer.from(body.replace(/\s/g, ''), 'base64url'));
  return new Uint8Array(Buffer.from(body.replace(/\\(.)/g, '$1'), 'utf8'));
};

/** undefined where the token is shaped well but says nothing (an odd number of hexadecimal digits). */
const readValue = (kind: Token['kind'], source: string): Token['value'] | undefined => {
  if (kind === 'bytes') return bytesOf(source);
  if (kind === 'text') return source.slice(1, -1).replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, unescaped);
  if (kind !== 'number') return source;
  return source.startsWith('-') ? -Number(source.slice(1)) : Number(source);
};

export const tokenize = (name: string, text: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  const skipSpace = (): void => {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)![0].length;
  };
  for (skipSpace(); at < text.length; skipSpace()) {
    let token: Token | undefined;
    for (const [kind, shape] of SHAPES) {
      shape.lastIndex = at;
      const source = shape.exec(text)?.[0];
      if (source === undefined) continue;
      const value = readValue(kind, source);
      if (value !== undefined) token = { kind, source, value, start: at, end: at + source.length };
      break;
    }
    if (token === undefined)
      throw errorAt(name, text, at, `cannot read ${JSON.stringify(text.slice(at, at + 12))}`);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', source: 'the end', value: '', start: at, end: at });
  return tokens;
};
