/** Runs every vector of money and market: encoded, decoded, mirrored, and checked against code that is not ours. */

import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Decoder } from 'cbor-x';
import * as cborg from 'cborg';
import { rfc8949EncodeOptions } from 'cborg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCbor } from '../../schemas/cbor.ts';
import {
  acceptTick,
  acceptVoucher,
  bestOf,
  decodeTick,
  evidenceOf,
  newHeld,
  parseEvidence,
  totalNanoOf,
  verifyEvidence,
} from '../../schemas/evidence.ts';
import { checkFields } from '../../schemas/fields.ts';
import {
  type Price,
  priceField,
  priceItem,
  priceNanoOf,
  priceOf,
  readingsPaidFloor,
  totalNanoFor,
} from '../../schemas/price.ts';
import { decodeRequest, encodeRequest, type Request } from '../../schemas/request.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { decodeReading, encodeReading } from '../../schemas/senml.ts';
import { type Control, decodeStream, encodeControl, type StreamMessage } from '../../schemas/stream.ts';
import { buildChain, chainBlock, encodeTick, linkAt, walkBack } from '../../schemas/tick.ts';
import { schemas } from '../cddl/schemas.ts';
import { generated } from '../vectors/generate.ts';
import { fromJson, hex, type Json, toJson, unhex } from '../vectors/notation.ts';
import { CODECS, type Kind, type Known } from '../vectors/objects.ts';
import { crypto, type Role, SEEDS } from '../vectors/parties.ts';

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../schemas/vectors/${name}.json`, import.meta.url), 'utf8')) as T;

const refuses = (result: Result<unknown>, code: string): void => {
  assert.is(result.ok ? 'accepted' : result.code, code);
  assert.ok(result.ok || result.detail.length > 0);
};

const accepted = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

const describes = (rule: string, bytes: Uint8Array): void => {
  const verdict = schemas().validate(rule, bytes);
  assert.ok(verdict.ok, verdict.ok ? '' : `${rule} at ${verdict.path}: ${verdict.reason}`);
};

/** cborg writes deterministic CBOR of its own; cbor-x reads the same array. */
const mirrors = (bytes: Uint8Array): unknown => {
  const item: unknown = cborg.decode(bytes, { useMaps: true, tags: cborg.Tagged.preserve(4) });
  assert.is(hex(cborg.encode(item, rfc8949EncodeOptions)), hex(bytes));
  const other = new Decoder({ mapsAsObjects: false }).decode(bytes) as unknown[];
  assert.is(other.length, (item as unknown[]).length);
  return item;
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// --- what is written ---

const files = suite('schemas/vectors');

for (const [name, text] of generated()) {
  files(`${name} is what test/vectors/generate.ts writes`, () => {
    assert.is(readFileSync(new URL(`../../schemas/vectors/${name}`, import.meta.url), 'utf8'), text);
  });
}

files.run();

// --- signed objects ---

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
  const vectors = read<ObjectFile>(file);
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
  for (const vector of [...read<ObjectFile>('terms').good, ...read<ObjectFile>('open').good]) {
    const bytes = unhex(vector.bytes);
    if (vector.kind === 'lease') assert.is(sha256(bytes), vector.id);
    if (vector.kind === 'open') assert.is(sha256((mirrors(bytes) as Uint8Array[])[2]!), vector.id);
  }
});

ids.run();

// --- ticks ---

type Bad = {
  readonly name: string;
  readonly code: string;
  readonly bytes: string;
  readonly wellFormed?: true;
};
type TickFile = {
  readonly good: readonly { name: string; seq: number; value: Json; bytes: string }[];
  readonly bad: readonly Bad[];
  readonly chains: readonly {
    name: string;
    channel: string;
    seq: number;
    ticks: number;
    last: string;
    links: readonly { index: number; x: string }[];
  }[];
};

const ticks = suite('vectors of tick.json');
const tickVectors = read<TickFile>('tick');

for (const vector of tickVectors.good) {
  ticks(`encodes, decodes and mirrors ${vector.name}`, () => {
    const tick = accepted(decodeTick(unhex(vector.bytes)));
    assert.equal(toJson(tick), vector.value);
    assert.is(hex(encodeTick(vector.seq, tick.index, tick.x)), vector.bytes);
    mirrors(unhex(vector.bytes));
    describes('tick', unhex(vector.bytes));
  });
}

for (const vector of tickVectors.bad) {
  ticks(`refuses ${vector.name}: ${vector.code}`, () => {
    refuses(decodeTick(unhex(vector.bytes)), vector.code);
    assert.not.ok(schemas().validate('tick', unhex(vector.bytes)).ok);
  });
}

/** The formula of the spec, written again with node:crypto. */
const linkBeforeElsewhere = (channel: string, seq: number, index: number, x: string): string => {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt32BE(seq, 0);
  numbers.writeUInt16BE(index, 4);
  const block = Buffer.concat([Buffer.from(`54${channel}`, 'hex'), numbers, Buffer.from(x, 'hex')]);
  assert.is(block.length, 55);
  return sha256(block).slice(0, 32);
};

for (const vector of tickVectors.chains) {
  ticks(`builds and walks ${vector.name}`, () => {
    const channel = unhex(vector.channel);
    const links = buildChain(crypto.sha256, channel, vector.seq, unhex(vector.last), vector.ticks);
    assert.is(links.length, 16 * (vector.ticks + 1));
    let x = vector.last;
    for (let index = vector.ticks; index > 0; index--) {
      assert.is(hex(linkAt(links, index)), x);
      x = linkBeforeElsewhere(vector.channel, vector.seq, index, x);
    }
    assert.is(hex(linkAt(links, 0)), x);
    for (const link of vector.links) {
      assert.is(hex(linkAt(links, link.index)), link.x);
      const block = chainBlock(channel, vector.seq);
      assert.is(hex(walkBack(crypto.sha256, block, link.index, 0, unhex(link.x))), x);
    }
  });
}

ticks.run();

// --- evidence ---

type Claim = {
  readonly name: string;
  readonly channel: string;
  readonly payer: string;
  readonly limitNano: number;
  readonly voucher: string;
  readonly tick: string | null;
  readonly totalNano?: number;
  readonly code?: string;
};
type Script = {
  readonly name: string;
  readonly channel: string;
  readonly payer: string;
  readonly limitNano: number;
  readonly ticks: number;
  readonly steps: readonly {
    does: string;
    voucher?: string;
    tick?: string;
    totalNano?: number;
    code?: string;
  }[];
};
type EvidenceFile = {
  readonly good: readonly Claim[];
  readonly bad: readonly Claim[];
  readonly scripts: readonly Script[];
};

const evidence = suite('vectors of evidence.json');
const evidenceVectors = read<EvidenceFile>('evidence');

const verified = (claim: Claim): ReturnType<typeof verifyEvidence> => {
  const bytes = { voucher: unhex(claim.voucher), tick: claim.tick === null ? null : unhex(claim.tick) };
  return verifyEvidence(null, bytes, unhex(claim.channel), unhex(claim.payer), claim.limitNano, crypto);
};

for (const claim of evidenceVectors.good) {
  evidence(`verifies ${claim.name}`, () => {
    const position = accepted(verified(claim));
    assert.is(totalNanoOf(position), claim.totalNano);
    const mirrored = evidenceOf(position);
    assert.is(hex(mirrored.voucher), claim.voucher);
    assert.is(mirrored.tick === null ? null : hex(mirrored.tick), claim.tick);
    assert.is(accepted(parseEvidence(mirrored)).totalNano, claim.totalNano);
  });
}

for (const claim of evidenceVectors.bad) {
  evidence(`refuses ${claim.name}: ${claim.code}`, () => refuses(verified(claim), claim.code!));
}

for (const script of evidenceVectors.scripts) {
  evidence(`plays ${script.name}`, () => {
    const held = newHeld(unhex(script.channel), unhex(script.payer), script.limitNano, script.ticks);
    for (const step of script.steps) {
      const before = totalNanoOf(bestOf(held));
      const tick = step.tick === undefined ? undefined : decodeTick(unhex(step.tick));
      const result =
        tick === undefined
          ? acceptVoucher(held, unhex(step.voucher!), crypto)
          : tick.ok
            ? acceptTick(held, tick.value, crypto)
            : tick;
      assert.is(result.ok ? result.value : result.code, step.totalNano ?? step.code, step.does);
      assert.is(totalNanoOf(bestOf(held)), result.ok ? result.value : before, step.does);
    }
  });
}

evidence('has a step for every code of a payee', () => {
  const codes = evidenceVectors.scripts.flatMap((script) => script.steps.map((step) => step.code));
  for (const code of [
    'voucher-stale',
    'voucher-goes-back',
    'voucher-over-limit',
    'signature-invalid',
    'tick-unknown-voucher',
    'tick-stale',
    'tick-beyond-chain',
    'tick-does-not-chain',
  ]) {
    assert.ok(codes.includes(code), code);
  }
});

evidence.run();

// --- prices ---

type PriceFile = {
  readonly good: readonly {
    name: string;
    value: Price;
    bytes: string;
    readings: readonly { n: number; priceNano: number; totalNano: number | null }[];
    paid: readonly { totalNano: number; readings: number }[];
  }[];
  readonly bad: readonly Bad[];
};

const prices = suite('vectors of price.json');
const priceVectors = read<PriceFile>('price');

const decodePrice = (bytes: Uint8Array): Result<Price> => {
  const item = decodeCbor(bytes);
  if (!item.ok) return item;
  const fields = checkFields('price', [item.value], [priceField]);
  return fields.ok ? ok(priceOf(fields.value[0]!)) : fields;
};

/** sum(price(1..n)) in integers of any size, without the tiers of the code under test. */
const totalElsewhere = (price: Price, n: number): bigint => {
  let total = 0n;
  for (const [i, tier] of price.entries()) {
    const last = Math.min(n, (price[i + 1]?.from ?? Number.POSITIVE_INFINITY) - 1);
    if (last >= tier.from) total += BigInt(tier.priceNano) * BigInt(last - tier.from + 1);
  }
  return total;
};

for (const vector of priceVectors.good) {
  prices(`reads, writes and counts ${vector.name}`, () => {
    const price = accepted(decodePrice(unhex(vector.bytes)));
    assert.equal(price, vector.value);
    assert.is(hex(cborg.encode(priceItem(price), rfc8949EncodeOptions)), vector.bytes);
    describes('price', unhex(vector.bytes));
    for (const at of vector.readings) {
      assert.is(priceNanoOf(price, at.n), at.priceNano);
      assert.is(totalNanoFor(price, at.n), at.totalNano ?? -1);
      const total = totalElsewhere(price, at.n);
      assert.is(at.totalNano, total < 2n ** 53n ? Number(total) : null);
    }
    for (const at of vector.paid) {
      assert.is(readingsPaidFloor(price, at.totalNano), at.readings);
      assert.ok(totalElsewhere(price, at.readings) <= BigInt(at.totalNano));
      assert.ok(totalElsewhere(price, at.readings + 1) > BigInt(at.totalNano));
    }
  });
}

for (const vector of priceVectors.bad) {
  prices(`refuses ${vector.name}: ${vector.code}`, () => {
    refuses(decodePrice(unhex(vector.bytes)), vector.code);
    assert.is(schemas().validate('price', unhex(vector.bytes)).ok, vector.wellFormed === true);
  });
}

prices.run();

// --- messages ---

type Message = {
  readonly name: string;
  readonly side?: 'r' | 'p';
  readonly value: Json;
  readonly bytes: string;
};
type MessageFile = { readonly good: readonly Message[]; readonly bad: readonly Bad[] };

const requests = suite('vectors of request.json');
const requestVectors = read<MessageFile>('request');

for (const vector of requestVectors.good) {
  requests(`encodes, decodes and mirrors ${vector.name}`, () => {
    const request = accepted(decodeRequest(unhex(vector.bytes)));
    assert.equal(toJson(request), vector.value);
    assert.is(hex(encodeRequest(fromJson(vector.value) as Request)), vector.bytes);
    mirrors(unhex(vector.bytes));
    describes('request', unhex(vector.bytes));
    describes(`request-${request.kind}`, unhex(vector.bytes));
  });
}

for (const vector of requestVectors.bad) {
  requests(`refuses ${vector.name}: ${vector.code}`, () => {
    refuses(decodeRequest(unhex(vector.bytes)), vector.code);
    assert.not.ok(schemas().validate('request', unhex(vector.bytes)).ok);
  });
}

requests.run();

const stream = suite('vectors of stream.json');
const streamVectors = read<MessageFile>('stream');

const encodeStream = (message: StreamMessage): Uint8Array => {
  if (message.kind === 'tick') return encodeTick(message.tick.seq16, message.tick.index, message.tick.x);
  if (message.kind === 'reading') return encodeReading(accepted(decodeReading(message.bytes)));
  return message.kind === 'voucher' ? message.bytes : encodeControl(message as Control);
};

for (const vector of streamVectors.good) {
  stream(`encodes, decodes and mirrors ${vector.name}`, () => {
    const message = accepted(decodeStream(unhex(vector.bytes)));
    assert.equal(toJson(message), vector.value);
    assert.is(hex(encodeStream(fromJson(vector.value) as StreamMessage)), vector.bytes);
    mirrors(unhex(vector.bytes));
    describes(`stream-${vector.side}`, unhex(vector.bytes));
  });
}

for (const vector of streamVectors.bad) {
  stream(`refuses ${vector.name}: ${vector.code}`, () => {
    refuses(decodeStream(unhex(vector.bytes)), vector.code);
    for (const side of ['stream-r', 'stream-p']) {
      assert.not.ok(schemas().validate(side, unhex(vector.bytes)).ok);
    }
  });
}

stream.run();
