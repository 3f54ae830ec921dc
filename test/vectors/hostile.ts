/** What must be refused: one good object, spoiled in every way that has a code. */

import { concatBytes } from '../../schemas/bytes.ts';
import { type Cbor, CborMap, decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import type { Code } from '../../schemas/result.ts';
import { hex } from './notation.ts';
import { contextOf, type Kind, type Known } from './objects.ts';
import { type Role, signer } from './parties.ts';

export type Bad = {
  readonly kind: Kind;
  readonly name: string;
  readonly code: Code;
  readonly subject?: string | undefined;
  /** The form is right, so the CDDL lets it pass: a rule or a signature refuses it. */
  readonly wellFormed?: true | undefined;
  readonly bytes: string;
};

/** A field of the payload with a value it must not have; `'well-formed'` where CDDL cannot tell. */
export type FieldCase = readonly [index: number, name: string, value: Cbor, form?: 'well-formed'];

export type Base = { readonly kind: Kind; readonly known: Known; readonly bytes: Uint8Array };

export const decoded = (bytes: Uint8Array): Cbor => {
  const item = decodeCbor(bytes);
  if (!item.ok) throw new Error(item.detail);
  return item.value;
};

const partsOf = (bytes: Uint8Array): readonly Cbor[] => decoded(bytes) as readonly Cbor[];

/** The payload as it stands in an envelope. */
export const payloadOf = (bytes: Uint8Array): Uint8Array => partsOf(bytes)[2] as Uint8Array;

export const bad = (
  base: { readonly kind: Kind; readonly known: Known },
  name: string,
  code: Code,
  bytes: Uint8Array,
  wellFormed = false,
): Bad => ({
  kind: base.kind,
  name,
  code,
  subject: base.known.subject,
  wellFormed: wellFormed ? true : undefined,
  bytes: hex(bytes),
});

/** Signed as its owner would, whatever the payload is. */
export const resign = (base: Base, payload: Uint8Array, role: Role = base.known.signer): Uint8Array =>
  signObject(contextOf(base.kind, base.known), payload, signer(role));

/** A head of one byte, written in two: `84` as `98 04`. */
const stretched = (bytes: Uint8Array): Uint8Array =>
  concatBytes([new Uint8Array([(bytes[0]! & 0xe0) | 24, bytes[0]! & 31]), bytes.subarray(1)]);

const nested = (depth: number): Uint8Array =>
  concatBytes([new Uint8Array(depth).fill(0x81), new Uint8Array(1)]);

/** The ways of bytes and envelopes, the same for every kind. */
export const badEnvelopes = (base: Base): readonly Bad[] => {
  const [header, unprotected, payload, signature] = partsOf(base.bytes);
  const envelope = (parts: readonly Cbor[]): Uint8Array => encodeCbor(parts);
  const withHeader = (pairs: readonly (readonly [Cbor, Cbor])[]): Uint8Array =>
    envelope([encodeCbor(new CborMap(pairs)), unprotected!, payload!, signature!]);
  const float = new Uint8Array([0x81, 0xf9, 0x3c, 0x00]);
  return [
    bad(base, 'the last byte missing', 'cbor-truncated', base.bytes.subarray(0, base.bytes.length - 1)),
    bad(base, 'a byte too many', 'cbor-trailing', concatBytes([base.bytes, new Uint8Array(1)])),
    bad(base, 'a head in two bytes', 'cbor-not-deterministic', stretched(base.bytes)),
    bad(base, 'an envelope of three', 'cose-malformed', envelope([header!, unprotected!, payload!])),
    bad(
      base,
      'an unprotected header',
      'cose-malformed',
      envelope([header!, new CborMap([[4, 1]]), payload!, signature!]),
    ),
    bad(base, 'ES256 in the header', 'cose-algorithm', withHeader([[1, -7]])),
    bad(base, 'no payload inside', 'cbor-truncated', resign(base, new Uint8Array(0))),
    bad(base, 'a payload with a float', 'cbor-unsupported', resign(base, float)),
    bad(base, 'a payload nested 17 deep', 'cbor-too-deep', resign(base, nested(17))),
    bad(
      base,
      'a payload head in two bytes',
      'cbor-not-deterministic',
      resign(base, stretched(payload as Uint8Array)),
    ),
  ];
};

/** The ways of signatures. `other` is the same object in a context that differs, where there is one. */
export const badSignatures = (base: Base, other?: Base): readonly Bad[] => {
  const [header, unprotected, payload, signature] = partsOf(base.bytes);
  const flipped = (signature as Uint8Array).slice();
  flipped[40]! ^= 1;
  const list = [
    bad(
      base,
      'one bit of the signature flipped',
      'signature-invalid',
      encodeCbor([header!, unprotected!, payload!, flipped]),
      true,
    ),
    bad(
      base,
      'signed by a stranger',
      'signature-invalid',
      resign(base, payload as Uint8Array, 'stranger'),
      true,
    ),
    bad(
      base,
      'signed as an object of another kind',
      'signature-invalid',
      signObject(['tb1/connect'], payload as Uint8Array, signer(base.known.signer)),
      true,
    ),
  ];
  if (other === undefined) return list;
  return [...list, bad(base, 'signed in another context', 'signature-invalid', other.bytes, true)];
};

/** The ways of fields: too many, too few, no array, and each one out of its range. */
export const badFields = (base: Base, cases: readonly FieldCase[]): readonly Bad[] => {
  const fields = decoded(payloadOf(base.bytes)) as readonly Cbor[];
  const payload = (item: Cbor): Uint8Array => resign(base, encodeCbor(item));
  return [
    bad(base, 'a field too many', 'object-malformed', payload([...fields, 0])),
    bad(base, 'a field too few', 'object-malformed', payload(fields.slice(0, -1))),
    bad(base, 'a map instead of an array', 'object-malformed', payload(new CborMap([[1, 2]]))),
    ...cases.map(([index, name, value, form]) =>
      bad(
        base,
        name,
        'value-out-of-range',
        payload(fields.map((field, i) => (i === index ? value : field))),
        form === 'well-formed',
      ),
    ),
  ];
};
