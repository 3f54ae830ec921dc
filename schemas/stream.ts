/**
 * The two topics of a lease: `r`, which the payee writes, and `p`, which the payer writes.
 *
 * The messages that flow by the thousand have no envelope, and are told apart by their shape:
 *
 * | first item    | length | message                              | topic |
 * |---------------|--------|--------------------------------------|-------|
 * | unsigned      | 2      | reading `[seq, {2: value}]`          | r     |
 * | unsigned      | 3      | tick `[seq mod 2^16, index, x]`      | p     |
 * | byte string   | 4      | voucher (COSE_Sign1)                 | p     |
 * | negative      | any    | control `[-1 - kind, ...parts]`      | both  |
 */

import { type Cbor, decodeCbor } from './cbor.ts';
import { tickOf } from './evidence.ts';
import {
  atLeast,
  bytes,
  checkFields,
  count,
  type Field,
  object,
  orNull,
  text,
  U32_MAX,
  writeFields,
} from './fields.ts';
import { detailOf, OBJECT_BYTES_MAX, REFUSAL_FIELDS } from './request.ts';
import { ok, type Result, refuse } from './result.ts';
import { SEQ_MAX } from './senml.ts';
import { TICK_BYTES_MAX, type Tick } from './tick.ts';
import { VOUCHER_BYTES_MAX } from './voucher.ts';

type Parts = {
  /** payer: send again from this reading on */
  readonly nak: readonly [number];
  /** payee: code number, sentence, and the best evidence it holds */
  readonly refusal: readonly [number, string, Uint8Array | null, Uint8Array | null];
  /** either: nonce, best voucher, best tick, highest reading held, head after it */
  readonly resync: readonly [Uint8Array, Uint8Array | null, Uint8Array | null, number, Uint8Array];
  /** the answer: the same nonce, the same parts of the other side */
  readonly resynced: readonly [Uint8Array, Uint8Array | null, Uint8Array | null, number, Uint8Array];
  /** payer: open and the grant for it */
  readonly grant: readonly [Uint8Array, Uint8Array];
  /** payer: statement signed by the buyer */
  readonly statement: readonly [Uint8Array];
  /** payee: the statement, agreed */
  readonly agreed: readonly [Uint8Array];
  /** either: this lease shall end, for this reason; the payer answers with a statement */
  readonly end: readonly [string];
};

type ControlKind = keyof Parts;
export type ControlOf<K extends ControlKind> = { readonly kind: K; readonly parts: Parts[K] };
export type Control = { [K in ControlKind]: ControlOf<K> }[ControlKind];

export type StreamMessage =
  | { readonly kind: 'reading'; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly kind: 'tick'; readonly tick: Tick }
  | { readonly kind: 'voucher'; readonly bytes: Uint8Array }
  | Control;

export const RESYNC_NONCE_BYTES = 8;

/** Evidence: a voucher, and a tick of its chain. */
const EVIDENCE_FIELDS: readonly Field[] = [
  orNull(object('voucher', VOUCHER_BYTES_MAX)),
  orNull(object('tick', TICK_BYTES_MAX)),
];
const RESYNC_FIELDS = [bytes('nonce', RESYNC_NONCE_BYTES)].concat(EVIDENCE_FIELDS, [
  count('highest', U32_MAX),
  bytes('head', 32),
]);

const NUMBER: Field = { name: 'kind', expects: 'negative', holds: (value) => (value as number) < 0 };

/** Place k in this table is -1 - k on the wire. */
const TABLE: readonly { readonly kind: ControlKind; readonly fields: readonly Field[] }[] = [
  { kind: 'nak', fields: [atLeast(1, count('from', SEQ_MAX))] },
  { kind: 'refusal', fields: REFUSAL_FIELDS.concat(EVIDENCE_FIELDS) },
  { kind: 'resync', fields: RESYNC_FIELDS },
  { kind: 'resynced', fields: RESYNC_FIELDS },
  { kind: 'grant', fields: [object('open', OBJECT_BYTES_MAX), object('grant', OBJECT_BYTES_MAX)] },
  { kind: 'statement', fields: [object('statement', OBJECT_BYTES_MAX)] },
  { kind: 'agreed', fields: [object('agreed', OBJECT_BYTES_MAX)] },
  { kind: 'end', fields: [text('reason')] },
];

/** The sentence of a refusal is cut and cleaned (`detailOf`); any other part out of range throws. */
export const encodeControl = (control: Control): Uint8Array => {
  const p: readonly Cbor[] = control.parts;
  const parts = control.kind === 'refusal' ? [p[0]!, detailOf(control.parts[1]), p[2]!, p[3]!] : p;
  for (let k = 0; k < TABLE.length; k++) {
    const row = TABLE[k]!;
    if (row.kind !== control.kind) continue;
    return writeFields(control.kind, ([-1 - k] as Cbor[]).concat(parts), [NUMBER].concat(row.fields));
  }
  throw new TypeError('no control is called ' + control.kind);
};

const controlOf = (list: readonly Cbor[], k: number): Result<StreamMessage> => {
  const row = TABLE[k];
  if (row === undefined) return refuse('object-malformed', 'no control has the number ' + (-1 - k));
  const parts = checkFields(row.kind, list.slice(1), row.fields);
  return parts.ok ? ok({ kind: row.kind, parts: parts.value } as unknown as Control) : parts;
};

/** The value of a reading is looked at where it is used. Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeStream = (encoded: Uint8Array): Result<StreamMessage> => {
  const item = decodeCbor(encoded);
  if (!item.ok) return item;
  const list = item.value;
  if (!Array.isArray(list)) return refuse('object-malformed', 'a message of a lease is an array');
  const first = list[0] as Cbor | undefined;
  if (first instanceof Uint8Array) return ok({ kind: 'voucher', bytes: encoded });
  if (typeof first !== 'number') return refuse('object-malformed', 'no message of a lease begins like this');
  if (first < 0) return controlOf(list, -1 - first);
  if (list.length === 2) {
    if (first >= 1 && first <= SEQ_MAX) return ok({ kind: 'reading', seq: first, bytes: encoded });
    return refuse('value-out-of-range', 'a reading has a seq from 1 to ' + SEQ_MAX + ', not ' + first);
  }
  const tick = tickOf(list);
  return tick.ok ? ok({ kind: 'tick', tick: tick.value }) : tick;
};
