/** JSON pointers (RFC 6901): "/AM2301/Temperature", "/metrics/0/value"; "" is the whole. */

import { ok, type Result, refuse } from '../schemas/result.ts';
import { isJsonObject, type Json } from './json.ts';

/** As deep as `json.ts` reads. */
const TOKENS_MAX = 32;
/** What a person reads of a message's fields. */
const FIELDS_SHOWN = 12;

/** The tokens. Code: config-invalid. */
export const parsePointer = (text: string): Result<readonly string[]> => {
  const tokens = text.split('/');
  if (tokens[0] !== '' || tokens.length - 1 > TOKENS_MAX || /~(?![01])/.test(text))
    return refuse('config-invalid', `"${text}" is no JSON pointer (RFC 6901), such as /AM2301/Temperature`);
  return ok(tokens.slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')));
};

/** As it stands in a pointer. */
export const stepOf = (token: string): string => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const childOf = (value: Json | undefined, token: string): Json | undefined => {
  if (isJsonObject(value)) return value.get(token);
  if (!Array.isArray(value) || !/^(?:0|[1-9]\d{0,8})$/.test(token)) return undefined;
  return value[Number(token)];
};

const fieldsOf = (value: Json | undefined): string => {
  const names = isJsonObject(value)
    ? [...value.keys()]
    : Array.isArray(value)
      ? value.map((_, i) => String(i))
      : [];
  if (names.length === 0) return 'nothing';
  const rest = names.length > FIELDS_SHOWN ? `, and ${names.length - FIELDS_SHOWN} more` : '';
  return names.slice(0, FIELDS_SHOWN).map(stepOf).join(', ') + rest;
};

/** What the tokens point at. Code: object-malformed (says which fields there are). */
export const followPointer = (json: Json, tokens: readonly string[]): Result<Json> => {
  let value = json;
  for (const [i, token] of tokens.entries()) {
    const child = childOf(value, token);
    if (child === undefined) {
      const path = tokens.slice(0, i).map(stepOf).join('');
      return refuse(
        'object-malformed',
        `there is no ${stepOf(token)} in ${path === '' ? 'the message' : path}, it has ${fieldsOf(value)}`,
      );
    }
    value = child;
  }
  return ok(value);
};
