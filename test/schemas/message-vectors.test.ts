/** Runs the vectors of prices, requests and streams: read, written, mirrored and counted again. */

import * as cborg from 'cborg';
import { rfc8949EncodeOptions } from 'cborg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCbor } from '../../schemas/cbor.ts';
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
import { encodeTick } from '../../schemas/tick.ts';
import { schemas } from '../cddl/schemas.ts';
import { fromJson, hex, type Json, toJson, unhex } from '../vectors/notation.ts';
import { vectorsOf } from './vectors.ts';
import { accepted, type Bad, describes, mirrors, refuses } from './verdicts.ts';

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
const priceVectors = vectorsOf<PriceFile>('price');

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

type Message = {
  readonly name: string;
  readonly side?: 'r' | 'p';
  readonly value: Json;
  readonly bytes: string;
};
type MessageFile = { readonly good: readonly Message[]; readonly bad: readonly Bad[] };

const requests = suite('vectors of request.json');
const requestVectors = vectorsOf<MessageFile>('request');

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
const streamVectors = vectorsOf<MessageFile>('stream');

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
