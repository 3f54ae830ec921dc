/** The fields of a signed array: one description per field, checked in one place with one wording. */

import { isAmount } from './amount.ts';
import { utf8Encode } from './bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts';
import { isKey } from './identity.ts';
import { ok, type Result, refuse } from './result.ts';
import { isSenmlName } from './senml.ts';

export type Field = {
  readonly name: string;
  readonly expects: string;
  readonly holds: (value: Cbor) => boolean;
};

export const U16_MAX = 65535;
export const U32_MAX = 4294967295;
/** A name, a kind, a unit or a reason: what a person reads on one line. Bytes of UTF-8. */
export const TEXT_BYTES_MAX = 64;

export const isCount = (value: unknown, max: number): value is number => isAmount(value) && value <= max;

export const count = (name: string, max: number): Field => ({
  name: name,
  expects: 'an integer from 0 to ' + max,
  holds: (value) => isCount(value, max),
});

export const amount = (name: string): Field => ({
  name: name,
  expects: 'an amount in nano below 2^53',
  holds: isAmount,
});

export const flag = (name: string): Field => ({
  name: name,
  expects: 'true or false',
  holds: (value) => value === true || value === false,
});

export const bytes = (name: string, length: number): Field => ({
  name: name,
  expects: length + ' bytes',
  holds: (value) => value instanceof Uint8Array && value.length === length,
});

export const key = (name: string): Field => ({
  name: name,
  expects: 'an Ed25519 key, canonical and not of small order',
  holds: (value) => value instanceof Uint8Array && isKey(value),
});

/** C0, DEL and C1: what a terminal obeys instead of showing. */
export const isControl = (unit: number): boolean => unit < 0x20 || (unit >= 0x7f && unit < 0xa0);

const isLine = (value: Cbor, bytesMax: number): value is string => {
  if (typeof value !== 'string' || value.length > bytesMax) return false;
  for (let i = 0; i < value.length; i++) if (isControl(value.charCodeAt(i))) return false;
  return utf8Encode(value).length <= bytesMax;
};

/** One line for people, possibly empty. */
export const line = (name: string, bytesMax: number): Field => ({
  name: name,
  expects: 'text of at most ' + bytesMax + ' bytes without control characters',
  holds: (value) => isLine(value, bytesMax),
});

export const text = (name: string): Field => ({
  name: name,
  expects: 'text of 1 to ' + TEXT_BYTES_MAX + ' bytes without control characters',
  holds: (value) => isLine(value, TEXT_BYTES_MAX) && value.length > 0,
});

/** A name for machines: of a capability, or the base name of its readings (RFC 8428 section 4.5.1). */
export const senmlName = (name: string): Field => ({
  name: name,
  expects: '1 to ' + TEXT_BYTES_MAX + ' of letters, digits and -:./_, the first a letter or digit',
  holds: (value) => typeof value === 'string' && value.length <= TEXT_BYTES_MAX && isSenmlName(value),
});

/** ISO 4217 form: three capital letters. */
export const currency = (name: string): Field => ({
  name: name,
  expects: 'three capital letters',
  holds: (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value),
});

export const object = (name: string, bytesMax: number): Field => ({
  name: name,
  expects: 'a byte string of at most ' + bytesMax,
  holds: (value) => value instanceof Uint8Array && value.length <= bytesMax,
});

export const atLeast = (min: number, field: Field): Field => ({
  name: field.name,
  expects: field.expects + ', at least ' + min,
  holds: (value) => field.holds(value) && (value as number) >= min,
});

export const orNull = (field: Field): Field => ({
  name: field.name,
  expects: field.expects + ', or null',
  holds: (value) => value === null || field.holds(value),
});

/** Codes: object-malformed (not that many fields), value-out-of-range (names the field). */
export const checkFields = (what: string, item: Cbor, fields: readonly Field[]): Result<readonly Cbor[]> => {
  if (!Array.isArray(item) || item.length !== fields.length) {
    return refuse('object-malformed', what + ' must be an array of ' + fields.length);
  }
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (!field.holds(item[i])) {
      return refuse('value-out-of-range', what + ': ' + field.name + ' must be ' + field.expects);
    }
  }
  return ok(item);
};

/** The same for bytes. Codes: cbor-* as well. */
export const readFields = (
  what: string,
  encoded: Uint8Array,
  fields: readonly Field[],
): Result<readonly Cbor[]> => {
  const decoded = decodeCbor(encoded);
  return decoded.ok ? checkFields(what, decoded.value, fields) : decoded;
};

/** The bytes that `readFields` reads. Throws on a value out of range: a programmer's error. */
export const writeFields = (what: string, values: readonly Cbor[], fields: readonly Field[]): Uint8Array => {
  const checked = checkFields(what, values, fields);
  if (!checked.ok) throw new RangeError(checked.detail);
  return encodeCbor(values);
};
