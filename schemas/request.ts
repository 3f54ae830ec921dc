/**
 * Requests and their answers, on `tb1/<to>/in/<from>` and `tb1/s/<shard>/in/<from>`.
 *
 *     [kind, id(8), ...parts]
 *
 * The id is chosen by whoever asks and comes back with the answer. A request is repeated until it is
 * answered, so every answer is idempotent.
 */

import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts';
import { bytes, checkFields, count, type Field, object, orNull, U16_MAX } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';
import { LINK_BYTES } from './tick.ts';

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
};

export type RequestKind = keyof Parts;
export type RequestOf<K extends RequestKind> = {
  readonly kind: K;
  readonly id: Uint8Array;
  readonly parts: Parts[K];
};
export type Request = { [K in RequestKind]: RequestOf<K> }[RequestKind];

export const REQUEST_ID_BYTES = 8;
const OBJECT_BYTES_MAX = 4096;
export const DETAIL_BYTES_MAX = 256;
const TICK_BYTES_MAX = 8 + LINK_BYTES;

export const detailField: Field = {
  name: 'detail',
  expects: 'text of at most ' + DETAIL_BYTES_MAX + ' characters',
  holds: (value) => typeof value === 'string' && value.length <= DETAIL_BYTES_MAX,
};

/** The place in this table is the number on the wire. */
const TABLE: readonly { readonly kind: RequestKind; readonly fields: readonly Field[] }[] = [
  { kind: 'refusal', fields: [count('code', U16_MAX), detailField] },
  { kind: 'offer', fields: [object('offer', OBJECT_BYTES_MAX)] },
  { kind: 'lease', fields: [object('lease', OBJECT_BYTES_MAX)] },
  { kind: 'open', fields: [object('open', OBJECT_BYTES_MAX)] },
  { kind: 'grant', fields: [object('grant', OBJECT_BYTES_MAX)] },
  {
    kind: 'claim',
    fields: [
      bytes('channel', 32),
      object('voucher', OBJECT_BYTES_MAX),
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
];

const HEAD_FIELDS = [count('kind', TABLE.length - 1), bytes('id', REQUEST_ID_BYTES)];

export const encodeRequest = (request: Request): Uint8Array => {
  for (let number = 0; number < TABLE.length; number++) {
    if (TABLE[number]!.kind === request.kind) {
      return encodeCbor(([number, request.id] as Cbor[]).concat(request.parts as readonly Cbor[]));
    }
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
