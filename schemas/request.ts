/**
 * Requests and their answers, on `tb1/<to>/in/<from>` and `tb1/s/<shard>/in/<from>`.
 *
 *     [kind, id(8), ...parts]
 *
 * The id is chosen by whoever asks and comes back with the answer. A request is repeated until it is
 * answered, so every answer is idempotent.
 */

import { type Cbor, decodeCbor } from './cbor.ts';
import {
  amount,
  bytes,
  checkFields,
  count,
  currency,
  type Field,
  isControl,
  key,
  line,
  object,
  orNull,
  U16_MAX,
  writeFields,
} from './fields.ts';
import { ok, type Result, refuse } from './result.ts';
import { TICK_BYTES_MAX } from './tick.ts';
import { VOUCHER_BYTES_MAX } from './voucher.ts';

type Parts = {
  /** code number, sentence */
  readonly refusal: readonly [number, string];
  readonly offer: readonly [Uint8Array];
  readonly lease: readonly [Uint8Array];
  readonly open: readonly [Uint8Array];
  readonly grant: readonly [Uint8Array];
  /** channel, voucher, tick or null */
  readonly claim: readonly [Uint8Array, Uint8Array, Uint8Array | null];
  readonly receipt: readonly [Uint8Array];
  /** channel, close signed by one party, close signed by the other or null */
  readonly close: readonly [Uint8Array, Uint8Array, Uint8Array | null];
  /** channel: answered by its latest receipt */
  readonly query: readonly [Uint8Array];
  /** a nonce of 16 bytes, answered by a signed time */
  readonly time: readonly [Uint8Array];
  readonly timed: readonly [Uint8Array];
  /** lease, agreed statement: filed for reconciliation, answered by the channel's latest receipt */
  readonly statement: readonly [Uint8Array, Uint8Array];
  /** enrolment: answered by the device's spending */
  readonly enrol: readonly [Uint8Array];
  readonly spending: readonly [Uint8Array];
  readonly line: readonly [Uint8Array];
  readonly consent: readonly [Uint8Array];
  /** channel, dispute */
  readonly dispute: readonly [Uint8Array, Uint8Array];
  /** answers a line, a consent or a dispute */
  readonly noted: readonly [Uint8Array];
  /**
   * settler, currency, newest spending or null, what the device wants more in nano (0: it only reports): from a
   * device to its owner, answered by its budget
   */
  readonly refill: readonly [Uint8Array, string, Uint8Array | null, number];
  readonly budget: readonly [Uint8Array];
  /** channel, receipt: shown to a settler that has forgotten it, answered by the channel's latest receipt */
  readonly present: readonly [Uint8Array, Uint8Array];
};

export type RequestKind = keyof Parts;
export type RequestOf<K extends RequestKind> = {
  readonly kind: K;
  readonly id: Uint8Array;
  readonly parts: Parts[K];
};
export type Request = { [K in RequestKind]: RequestOf<K> }[RequestKind];

export const REQUEST_ID_BYTES = 8;
/** The largest object is a lease, below 900 bytes; later ones may say more. */
export const OBJECT_BYTES_MAX = 4096;
/** One sentence. */
export const DETAIL_BYTES_MAX = 256;

export const REFUSAL_FIELDS = [count('code', U16_MAX), line('detail', DETAIL_BYTES_MAX)];

/**
 * A sentence as a refusal carries it. It may quote what a stranger sent: what is beyond 256 bytes of UTF-8
 * is cut, and control characters and surrogates become '?'.
 */
export const detailOf = (sentence: string): string => {
  let detail = '';
  let length = 0;
  for (let i = 0; i < sentence.length; i++) {
    const unit = sentence.charCodeAt(i);
    const shown = !isControl(unit) && (unit < 0xd800 || unit > 0xdfff);
    length += !shown || unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (length > DETAIL_BYTES_MAX) return detail;
    detail += shown ? sentence.charAt(i) : '?';
  }
  return detail;
};

/** The place in this table is the number on the wire. */
const TABLE: readonly { readonly kind: RequestKind; readonly fields: readonly Field[] }[] = [
  { kind: 'refusal', fields: REFUSAL_FIELDS },
  { kind: 'offer', fields: [object('offer', OBJECT_BYTES_MAX)] },
  { kind: 'lease', fields: [object('lease', OBJECT_BYTES_MAX)] },
  { kind: 'open', fields: [object('open', OBJECT_BYTES_MAX)] },
  { kind: 'grant', fields: [object('grant', OBJECT_BYTES_MAX)] },
  {
    kind: 'claim',
    fields: [
      bytes('channel', 32),
      object('voucher', VOUCHER_BYTES_MAX),
      orNull(object('tick', TICK_BYTES_MAX)),
    ],
  },
  { kind: 'receipt', fields: [object('receipt', OBJECT_BYTES_MAX)] },
  {
    kind: 'close',
    fields: [
      bytes('channel', 32),
      object('close', OBJECT_BYTES_MAX),
      orNull(object('consent', OBJECT_BYTES_MAX)),
    ],
  },
  { kind: 'query', fields: [bytes('channel', 32)] },
  { kind: 'time', fields: [bytes('nonce', 16)] },
  { kind: 'timed', fields: [object('time', OBJECT_BYTES_MAX)] },
  { kind: 'statement', fields: [bytes('lease', 32), object('statement', OBJECT_BYTES_MAX)] },
  { kind: 'enrol', fields: [object('enrolment', OBJECT_BYTES_MAX)] },
  { kind: 'spending', fields: [object('spending', OBJECT_BYTES_MAX)] },
  { kind: 'line', fields: [object('line', OBJECT_BYTES_MAX)] },
  { kind: 'consent', fields: [object('consent', OBJECT_BYTES_MAX)] },
  { kind: 'dispute', fields: [bytes('channel', 32), object('dispute', OBJECT_BYTES_MAX)] },
  { kind: 'noted', fields: [object('noted', OBJECT_BYTES_MAX)] },
  {
    kind: 'refill',
    fields: [
      key('settler'),
      currency('currency'),
      orNull(object('spending', OBJECT_BYTES_MAX)),
      amount('wantedNano'),
    ],
  },
  { kind: 'budget', fields: [object('budget', OBJECT_BYTES_MAX)] },
  { kind: 'present', fields: [bytes('channel', 32), object('receipt', OBJECT_BYTES_MAX)] },
];

const HEAD_FIELDS = [count('kind', TABLE.length - 1), bytes('id', REQUEST_ID_BYTES)];

/** The sentence of a refusal is cut and cleaned (`detailOf`); any other part out of range throws. */
export const encodeRequest = (request: Request): Uint8Array => {
  const parts: readonly Cbor[] =
    request.kind === 'refusal' ? [request.parts[0], detailOf(request.parts[1])] : request.parts;
  for (let number = 0; number < TABLE.length; number++) {
    const row = TABLE[number]!;
    if (row.kind !== request.kind) continue;
    const item = ([number, request.id] as Cbor[]).concat(parts);
    return writeFields(request.kind, item, HEAD_FIELDS.concat(row.fields));
  }
  throw new TypeError('no request is called ' + request.kind);
};

/** Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeRequest = (encoded: Uint8Array): Result<Request> => {
  const item = decodeCbor(encoded);
  if (!item.ok) return item;
  if (!Array.isArray(item.value) || item.value.length < 2) {
    return refuse('object-malformed', 'a request is an array [kind, id, ...]');
  }
  const list = item.value as readonly Cbor[];
  const head = checkFields('request', list.slice(0, 2), HEAD_FIELDS);
  if (!head.ok) return head;
  const row = TABLE[head.value[0] as number]!;
  const parts = checkFields(row.kind, list.slice(2), row.fields);
  if (!parts.ok) return parts;
  return ok({ kind: row.kind, id: head.value[1], parts: parts.value } as unknown as Request);
};
