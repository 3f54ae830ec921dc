/** The fields of a signed array: one description per field, checked in one place with one wording. */

import { isAmount } from './amount.ts';
import { type Cbor, decodeCbor } from './cbor.ts';
import { isKey } from './identity.ts';
import { ok, type Result, refuse } from './result.ts';

export type Field = {
  readonly name: string;
  readonly expects: string;
  readonly holds: (value: Cbor) => boolean;
};

export const U16_MAX = 65535;
export const U32_MAX = 4294967295;
/** A name, a kind, a unit or a reason: what a person reads on one line. */
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

export const text = (name: string): Field => ({
  name: name,
  expects: 'text of 1 to ' + TEXT_BYTES_MAX + ' characters',
  holds: (value) => typeof value === 'string' && value.length > 0 && value.length <= TEXT_BYTES_MAX,
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

export const orNull = (field: Field): Field => ({
  name: field.name,
  expects: field.expects + ', or null',
  holds: (value) => value === null || field.holds(value),
});

export const either = (field: Field, other: Field): Field => ({
  name: field.name,
  expects: field.expects + ' or ' + other.expects,
  holds: (value) => field.holds(value) || other.holds(value),
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
