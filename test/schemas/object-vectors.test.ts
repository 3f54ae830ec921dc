/** Runs the vectors of every signed object: signed, opened, mirrored, and verified by code that is not ours. */

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as cborg from 'cborg';
import { rfc8949EncodeOptions } from 'cborg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { schemas } from '../cddl/schemas.ts';
import { generated } from '../vectors/generate.ts';
import { fromJson, hex, type Json, toJson, unhex } from '../vectors/notation.ts';
import { CODECS, type Kind, type Known } from '../vectors/objects.ts';
import { crypto, type Role, SEEDS } from '../vectors/parties.ts';
import { vectorsOf } from './vectors.ts';
import { accepted, describes, mirrors, refuses, sha256 } from './verdicts.ts';

const files = suite('schemas/vectors');

for (const [name, text] of generated()) {
  files(`${name} is what test/vectors/generate.ts writes`, () => {
    assert.is(readFileSync(new URL(`../../schemas/vectors/${name}`, import.meta.url), 'utf8'), text);
  });
}

files.run();

type GoodObject = {
  readonly kind: Kind;
  readonly name: string;
  readonly signer: Role;
  readonly context: Json;
  readonly subject?: string;
  readonly certificate?: string;
  readonly value: Json;
  readonly id?: string;
  readonly bytes: string;
};
type BadObject = {
  readonly kind: Kind;
  readonly name: string;
  readonly code: string;
  readonly subject?: string;
  readonly wellFormed?: true;
  readonly bytes: string;
};
type ObjectFile = {
  readonly keys: Readonly<Record<Role, string>>;
  readonly good: readonly GoodObject[];
  readonly bad: readonly BadObject[];
};

const OBJECT_FILES = [
  'voucher',
  'terms',
  'open',
  'grant',
  'receipt',
  'time',
  'certificate',
  'close',
  'statement',
  'profile',
  'demand',
  'budget',
  'spending',
  'line',
  'consent',
  'noted',
  'dispute',
];

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** RFC 9052 section 4.4, with cborg and OpenSSL alone. */
const verifiesElsewhere = (bytes: Uint8Array, context: Json, key: string): boolean => {
  const [header, , payload, signature] = mirrors(bytes) as Uint8Array[];
  const encode = (item: unknown): Uint8Array => cborg.encode(item, rfc8949EncodeOptions);
  const signed = encode(['Signature1', header, encode(fromJson(context)), payload]);
  const spki = Buffer.concat([SPKI_PREFIX, Buffer.from(key, 'hex')]);
  return verify(null, signed, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature!);
};

/** What can be wrong with any signed object. `cbor-too-long` and `cbor-too-many-items` are in cbor.json. */
const CODES_OF_ALL = [
  'cbor-not-deterministic',
  'cbor-too-deep',
  'cbor-trailing',
  'cbor-truncated',
  'cbor-unsupported',
  'cose-algorithm',
  'cose-malformed',
  'object-malformed',
  'signature-invalid',
  'value-out-of-range',
];

for (const file of OBJECT_FILES) {
  const vectors = vectorsOf<ObjectFile>(file);
  const objects = suite(`vectors of ${file}.json`);

  for (const vector of vectors.good) {
    objects(`${vector.kind}: signs, opens and mirrors ${vector.name}`, () => {
      const codec = CODECS[vector.kind];
      const known: Known = vector;
      const bytes = unhex(vector.bytes);
      assert.is(hex(codec.seal(fromJson(vector.value) as never, known)), vector.bytes);
      const opened = accepted(codec.open(bytes, known));
      if (vector.kind !== 'certificate') assert.equal(toJson(opened.value), vector.value);
      assert.is(opened.id === undefined ? undefined : hex(opened.id), vector.id);
      assert.ok(verifiesElsewhere(bytes, vector.context, vectors.keys[vector.signer]));
      assert.is(hex(crypto.signerOf(unhex(SEEDS[vector.signer])).key), vectors.keys[vector.signer]);
      describes(codec.rule, bytes);
    });
  }

  for (const vector of vectors.bad) {
    objects(`${vector.kind}: refuses ${vector.name}: ${vector.code}`, () => {
      const codec = CODECS[vector.kind];
      const bytes = unhex(vector.bytes);
      refuses(codec.open(bytes, { signer: 'seller', subject: vector.subject }), vector.code);
      assert.is(schemas().validate(codec.rule, bytes).ok, vector.wellFormed === true);
    });
  }

  for (const kind of new Set(vectors.bad.map((vector) => vector.kind))) {
    if (kind === 'certificate') continue;
    objects(`${kind}: has a bad vector for every code`, () => {
      const codes = new Set(
        vectors.bad.filter((vector) => vector.kind === kind).map((vector) => vector.code),
      );
      assert.equal([...codes].sort(), CODES_OF_ALL);
    });
  }

  objects.run();
}

const ids = suite('ids');

ids('of a lease is the SHA-256 of the lease, of a channel that of the payload of its open', () => {
  for (const vector of [...vectorsOf<ObjectFile>('terms').good, ...vectorsOf<ObjectFile>('open').good]) {
    const bytes = unhex(vector.bytes);
    if (vector.kind === 'lease') assert.is(sha256(bytes), vector.id);
    if (vector.kind === 'open') assert.is(sha256((mirrors(bytes) as Uint8Array[])[2]!), vector.id);
  }
});

ids.run();
