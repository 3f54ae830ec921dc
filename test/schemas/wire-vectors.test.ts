/** Runs every vector of the wire: decoded, encoded, mirrored, and checked against code that is not ours. */

import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { Encoder } from 'cbor-x';
import * as cborg from 'cborg';
import { rfc8949EncodeOptions } from 'cborg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { nobleCrypto } from '../../agent/host/crypto-noble.ts';
import { fromBase32 } from '../../schemas/base32.ts';
import { toHex } from '../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { openObject, signObject } from '../../schemas/cose.ts';
import {
  compareDecimals,
  type Decimal,
  decimalFromText,
  decimalItem,
  decimalOfItem,
  decimalToText,
} from '../../schemas/decimal.ts';
import { encodeFrame, FrameDecoder, type Noise } from '../../schemas/frame.ts';
import { didKey, idOf, isId, isKey, isSignature, keyOfDid } from '../../schemas/identity.ts';
import { CODES, ok, type Result } from '../../schemas/result.ts';
import {
  decodeReading,
  encodeReading,
  exportJson,
  exportPack,
  type Reading,
  type Series,
} from '../../schemas/senml.ts';
import { mayPublish, maySubscribe, parseFilter, parseTopic, type Topic } from '../../schemas/topic.ts';
import { bytesOf, cborOf, type Hex, type Json, jsonOf, vectorsOf } from './vectors.ts';

type Named = { readonly name: string };
type Bad = Named & { readonly bytes: Hex; readonly code: string };

const native = nativeCrypto();
const noble = nobleCrypto();
const refusedCodes = new Set<string>();

const refuses = (result: Result<unknown>, code: string): void => {
  assert.is(result.ok ? 'accepted' : result.code, code);
  if (!result.ok) assert.ok(result.detail.length > 0);
  refusedCodes.add(code);
};

const accepted = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

/** Plain objects as cborg writes them: it is the reference for everything deterministic. */
const reference = (json: Json): unknown => {
  if (json === null || typeof json !== 'object') return json;
  if ('bytes' in json) return bytesOf(json.bytes);
  if ('pairs' in json) return new Map(json.pairs.map((pair) => [reference(pair[0]), reference(pair[1])]));
  if ('tag' in json) return new cborg.Tagged(json.tag, reference(json.value));
  return json.map(reference);
};
const referenceHex = (json: Json): string => toHex(cborg.encode(reference(json), rfc8949EncodeOptions));

// --- cbor ---

const cbor = suite('vectors of cbor.json');
const cborVectors = vectorsOf<{ good: (Named & { bytes: string; value: Json })[]; bad: Bad[] }>('cbor');

for (const vector of cborVectors.good) {
  cbor(`encodes, decodes and mirrors ${vector.name}`, () => {
    const bytes = bytesOf(vector.bytes);
    assert.is(toHex(encodeCbor(cborOf(vector.value))), vector.bytes);
    assert.is(referenceHex(vector.value), vector.bytes);
    const value = accepted(decodeCbor(bytes));
    assert.equal(jsonOf(value), vector.value);
    assert.is(toHex(encodeCbor(value)), vector.bytes);
  });
}
for (const vector of cborVectors.bad) {
  cbor(`refuses ${vector.name}`, () => refuses(decodeCbor(bytesOf(vector.bytes)), vector.code));
}
cbor.run();

// --- cose ---

type Signed = Named & { key: string; context: Json[]; bytes: string };
const cose = suite('vectors of cose.json');
const coseVectors = vectorsOf<{
  good: (Signed & { seed: string; payload: string; decodeOnly?: true })[];
  bad: (Signed & { code: string })[];
}>('cose');

for (const vector of coseVectors.good) {
  cose(`signs and opens ${vector.name}`, () => {
    const context = vector.context.map(cborOf);
    for (const crypto of [native, noble]) {
      const signer = crypto.signerOf(bytesOf(vector.seed));
      assert.is(toHex(signer.key), vector.key);
      if (!vector.decodeOnly)
        assert.is(toHex(signObject(context, bytesOf(vector.payload), signer)), vector.bytes);
      const payload = openObject(bytesOf(vector.bytes), context, signer.key, crypto.verify);
      assert.is(toHex(accepted(payload)), vector.payload);
    }
  });
}
for (const vector of coseVectors.bad) {
  cose(`refuses ${vector.name}`, () => {
    for (const crypto of [native, noble]) {
      const context = vector.context.map(cborOf);
      refuses(openObject(bytesOf(vector.bytes), context, bytesOf(vector.key), crypto.verify), vector.code);
    }
  });
}
cose.run();

// --- identity ---

const identity = suite('vectors of identity.json');
const identityVectors = vectorsOf<{
  good: { key: string; id: string; did: string }[];
  badKeys: (Named & { key: string; code: string })[];
  badDids: (Named & { did: string; code: string })[];
  signatures: (Named & { key: string; message: string; signature: string; valid: boolean })[];
}>('identity');

for (const vector of identityVectors.good) {
  identity(`names the key ${vector.id}`, () => {
    const key = bytesOf(vector.key);
    assert.ok(isKey(key));
    assert.ok(isId(vector.id));
    for (const crypto of [native, noble]) assert.is(idOf(key, crypto.sha256), vector.id);
    const hash = createHash('sha256').update(key).digest('hex');
    assert.is(toHex(fromBase32(vector.id)!), hash.slice(0, 32));
    assert.is(didKey(key), vector.did);
    assert.is(toHex(accepted(keyOfDid(vector.did))), vector.key);
  });
}
for (const vector of identityVectors.badKeys) {
  identity(`refuses a key with ${vector.name}`, () => {
    assert.not(isKey(bytesOf(vector.key)));
    if (vector.key.length === 64) refuses(keyOfDid(didKey(bytesOf(vector.key))), vector.code);
  });
}
for (const vector of identityVectors.badDids) {
  identity(`refuses a did:key that is ${vector.name}`, () => refuses(keyOfDid(vector.did), vector.code));
}
for (const vector of identityVectors.signatures) {
  identity(`${vector.valid ? 'accepts' : 'refuses'} a signature with ${vector.name}`, () => {
    const signature = bytesOf(vector.signature);
    assert.is(isSignature(signature), vector.valid);
    for (const crypto of [native, noble])
      assert.is(crypto.verify(bytesOf(vector.key), bytesOf(vector.message), signature), vector.valid);
  });
}
identity.run();

// --- frame ---

const frame = suite('vectors of frame.json');
const frameVectors = vectorsOf<{
  good: (Named & { message: string; frame: string })[];
  streams: (Named & {
    messageBytesMax: number;
    stream: string;
    messages: string[];
    noise: { code: string; offset: number; bytes: string }[];
    goodEnd: number;
  })[];
}>('frame');

/** What a decoder makes of a stream in chunks of that size, noise that was handed out in pieces joined again. */
const decodeStream = (stream: Uint8Array, messageBytesMax: number, chunkBytes: number) => {
  const messages: string[] = [];
  const noise: { code: string; offset: number; bytes: string }[] = [];
  const decoder = new FrameDecoder(messageBytesMax);
  const onNoise = (piece: Noise): void => {
    const last = noise.at(-1);
    if (
      last !== undefined &&
      last.code === piece.code &&
      last.offset + last.bytes.length / 2 === piece.offset
    )
      last.bytes += toHex(piece.bytes);
    else noise.push({ code: piece.code, offset: piece.offset, bytes: toHex(piece.bytes) });
  };
  for (let at = 0; at < stream.length; at += chunkBytes)
    decoder.push(stream.subarray(at, at + chunkBytes), (message) => messages.push(toHex(message)), onNoise);
  return { messages, noise, goodEnd: decoder.goodEnd };
};

for (const vector of frameVectors.good) {
  frame(`frames and reads back ${vector.name}`, () => {
    const message = bytesOf(vector.message);
    const encoded = encodeFrame(message);
    assert.is(toHex(encoded), vector.frame);
    const crc = zlibCrc32(message).toString(16).padStart(8, '0');
    const decoded = decodeStream(encoded, message.length, encoded.length);
    assert.equal(decoded, { messages: [vector.message], noise: [], goodEnd: encoded.length });
    if (!/00/.test(crc) && message.length < 200) assert.ok(vector.frame.endsWith(`${crc}00`), crc);
  });
}
for (const vector of frameVectors.streams) {
  frame(`finds its place again after ${vector.name}`, () => {
    for (const chunkBytes of [1, 2, 3, 7, 1000]) {
      const decoded = decodeStream(bytesOf(vector.stream), vector.messageBytesMax, chunkBytes);
      assert.equal(decoded, { messages: vector.messages, noise: vector.noise, goodEnd: vector.goodEnd });
    }
    for (const piece of vector.noise) refusedCodes.add(piece.code);
  });
}
frame.run();

// --- topic ---

type Text = { readonly text: string };
const topic = suite('vectors of topic.json');
const topicVectors = vectorsOf<{
  good: (Text & { topic: Topic })[];
  filters: (Text & { topic: Topic })[];
  bad: (Text & Named & { code: string })[];
  wildTopics: (Text & { code: string })[];
  rights: (Text & { verb: 'publish' | 'subscribe'; id: string; allowed: boolean })[];
  settler: string;
}>('topic');

for (const vector of topicVectors.good) {
  topic(`parses ${vector.text}`, () => {
    assert.equal(parseTopic(vector.text), ok(vector.topic));
    assert.equal(parseFilter(vector.text), ok(vector.topic));
  });
}
for (const vector of topicVectors.filters) {
  topic(`parses the filter ${vector.text}`, () => assert.equal(parseFilter(vector.text), ok(vector.topic)));
}
for (const vector of topicVectors.bad) {
  topic(`refuses ${vector.name}`, () => {
    refuses(parseTopic(vector.text), vector.code);
    refuses(parseFilter(vector.text), vector.code);
  });
}
for (const vector of topicVectors.wildTopics) {
  topic(`refuses to publish to ${vector.text}`, () => refuses(parseTopic(vector.text), vector.code));
}
for (const vector of topicVectors.rights) {
  topic(`${vector.allowed ? 'lets' : 'keeps'} ${vector.id.slice(0, 4)} ${vector.verb} ${vector.text}`, () => {
    const allowed =
      vector.verb === 'publish'
        ? mayPublish(vector.id, accepted(parseTopic(vector.text)))
        : maySubscribe(vector.id, accepted(parseFilter(vector.text)), topicVectors.settler);
    assert.is(allowed, vector.allowed);
  });
}
topic.run();

// --- decimal ---

const decimal = suite('vectors of decimal.json');
const decimalVectors = vectorsOf<{
  good: (Text & Decimal & { bytes: string })[];
  texts: (Text & { normal: string })[];
  badTexts: (Text & { code: string })[];
  bad: Bad[];
  order: string[];
}>('decimal');

for (const vector of decimalVectors.good) {
  decimal(`reads and writes ${vector.text}`, () => {
    const { mantissa, exponent } = vector;
    assert.equal(decimalFromText(vector.text), ok({ mantissa, exponent }));
    assert.is(decimalToText({ mantissa, exponent }), vector.text);
    assert.is(toHex(encodeCbor(decimalItem({ mantissa, exponent }))), vector.bytes);
    assert.is(
      referenceHex(exponent === 0 ? mantissa : { tag: 4, value: [exponent, mantissa] }),
      vector.bytes,
    );
    assert.equal(decimalOfItem(accepted(decodeCbor(bytesOf(vector.bytes)))), ok({ mantissa, exponent }));
  });
}
for (const vector of decimalVectors.texts) {
  decimal(`reads '${vector.text}' as ${vector.normal}`, () => {
    assert.is(decimalToText(accepted(decimalFromText(vector.text))), vector.normal);
  });
}
for (const vector of decimalVectors.badTexts) {
  decimal(`refuses '${vector.text}'`, () => refuses(decimalFromText(vector.text), vector.code));
}
for (const vector of decimalVectors.bad) {
  decimal(`refuses ${vector.name}`, () => {
    refuses(decimalOfItem(accepted(decodeCbor(bytesOf(vector.bytes)))), vector.code);
  });
}
decimal('orders the values of any exponents', () => {
  const values = decimalVectors.order.map((text) => accepted(decimalFromText(text)));
  for (let i = 0; i < values.length; i++) {
    for (let k = 0; k < values.length; k++)
      assert.is(Math.sign(compareDecimals(values[i]!, values[k]!)), Math.sign(i - k));
  }
});
decimal.run();

// --- senml ---

const senml = suite('vectors of senml.json');
const senmlVectors = vectorsOf<{
  good: (Named & { reading: Reading; bytes: string })[];
  bad: Bad[];
  packs: (Named & { series: Series; readings: Reading[]; pack: string; json: unknown })[];
  badSeries: (Named & { series: Series; code: string })[];
}>('senml');

for (const vector of senmlVectors.good) {
  senml(`encodes, decodes and mirrors ${vector.name}`, () => {
    assert.is(toHex(encodeReading(vector.reading)), vector.bytes);
    const reading = accepted(decodeReading(bytesOf(vector.bytes)));
    assert.equal(reading, { ...reading, ...vector.reading });
    assert.is(toHex(encodeReading(reading)), vector.bytes);
  });
}
for (const vector of senmlVectors.bad) {
  senml(`refuses ${vector.name}`, () => refuses(decodeReading(bytesOf(vector.bytes)), vector.code));
}

/** A SenML-CBOR pack read by cbor-x, which makes numbers of decimal fractions, with the names of RFC 8428. */
const readPack = (pack: Uint8Array): unknown => {
  const names = new Map([
    [-2, 'bn'],
    [-3, 'bt'],
    [-4, 'bu'],
    [2, 'v'],
    [3, 'vs'],
    [4, 'vb'],
    [6, 't'],
  ]);
  const records = new Encoder({ mapsAsObjects: false }).decode(pack) as Map<number, unknown>[];
  return records.map((record) =>
    Object.fromEntries([...record].map((pair) => [names.get(pair[0]), pair[1]])),
  );
};

for (const vector of senmlVectors.packs) {
  senml(`exports ${vector.name} as a pack that needs no lease`, () => {
    const pack = accepted(exportPack(vector.series, vector.readings));
    assert.is(toHex(pack), vector.pack);
    assert.equal(readPack(pack), vector.json);
    assert.equal(JSON.parse(accepted(exportJson(vector.series, vector.readings))), vector.json);
  });
}
for (const vector of senmlVectors.badSeries) {
  senml(`exports nothing under ${vector.name}`, () => {
    const readings = senmlVectors.packs[0]!.readings;
    refuses(exportPack(vector.series, readings), vector.code);
    refuses(exportJson(vector.series, readings), vector.code);
  });
}
senml.run();

// --- all of them ---

const codes = suite('codes of the wire');
codes('each have a bad vector', () => {
  const notOfTheWire = 30; // numbers from 30 on belong to market, money and the machine
  const wire = Object.entries(CODES).filter((entry) => entry[1] < notOfTheWire);
  assert.equal(
    wire.map((entry) => entry[0]).filter((code) => !refusedCodes.has(code)),
    [],
  );
});
codes.run();
