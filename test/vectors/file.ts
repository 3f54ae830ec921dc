/** What the vector files of signed objects are made of: good ones, spoiled ones, and who signed. */

import {
  type Bad,
  type Base,
  bad,
  badEnvelopes,
  badFields,
  badSignatures,
  type FieldCase,
  resign,
} from './hostile.ts';
import { hex, type Json, toJson, unhex } from './notation.ts';
import { CODECS, contextOf, type Kind, type Known } from './objects.ts';
import { filled, keyOf, SEEDS } from './parties.ts';

export const NANO_MAX = 9007199254740991;
export const U32_MAX = 4294967295;
export const NOW_S = 1795168800;
/** 64 bytes of UTF-8 in 63 letters, and 65 in 64. */
export const TEXT_64 = `${'t'.repeat(62)}ü`;
export const TEXT_65 = `${'t'.repeat(63)}ü`;
export const SMALL_ORDER_KEY = new Uint8Array(32);

export const CHANNEL = hex(filled(0xc1));
export const OTHER_CHANNEL = hex(filled(0xc2));
export const LEASE = hex(filled(0x1e));
export const OTHER_LEASE = hex(filled(0x1f));

export type Good = Base & { readonly name: string; readonly value: unknown };

export const good = (kind: Kind, name: string, value: unknown, known: Known): Good => ({
  kind,
  name,
  known,
  value,
  bytes: CODECS[kind].seal(value as never, known),
});

const jsonOfGood = (one: Good): Json => {
  const opened = CODECS[one.kind].open(one.bytes, one.known);
  if (!opened.ok) throw new Error(`${one.kind} ${one.name}: ${opened.code} ${opened.detail}`);
  return {
    kind: one.kind,
    name: one.name,
    signer: one.known.signer,
    context: toJson(contextOf(one.kind, one.known)),
    subject: one.known.subject,
    certificate: one.known.certificate,
    value: toJson(one.value),
    id: opened.value.id === undefined ? undefined : hex(opened.value.id),
    bytes: hex(one.bytes),
  };
};

export const fileOf = (spec: string, goods: readonly Good[], bads: readonly Bad[]): Json => ({
  spec: `schemas/spec/${spec}.md`,
  seeds: SEEDS,
  keys: Object.fromEntries(Object.keys(SEEDS).map((role) => [role, hex(keyOf(role as keyof typeof SEEDS))])),
  good: goods.map(jsonOfGood),
  bad: bads as unknown as Json,
});

/** Everything that goes wrong with an object of an array payload. */
export const spoiled = (one: Good, other: Good | undefined, cases: readonly FieldCase[]): readonly Bad[] => [
  ...badEnvelopes(one),
  ...badFields(one, cases),
  ...badSignatures(one, other),
];

/** Of an object that carries another: the spoiled ones of that other, signed over. */
export const badInside = (outer: Good, inside: readonly Bad[]): readonly Bad[] =>
  inside.map((one) => bad(outer, `over ${one.kind}: ${one.name}`, one.code, resign(outer, unhex(one.bytes))));
