/**
 * Records: what a sale or a purchase writes to the agent's journal.
 *
 *     [handle 16, kind, ...parts]
 *
 * The handle groups the records of one state; a state is the fold of its records in order.
 */

import { type Cbor, decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import {
  amount,
  atLeast,
  bytes,
  checkFields,
  count,
  type Field,
  line,
  object,
  orNull,
  TEXT_BYTES_MAX,
  U32_MAX,
} from '../../schemas/fields.ts';
import { BACKINGS_MAX } from '../../schemas/grant.ts';
import { OBJECT_BYTES_MAX } from '../../schemas/request.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { CHAIN_TICKS_MAX, LINK_BYTES, TICK_BYTES_MAX } from '../../schemas/tick.ts';
import { VOUCHER_BYTES_MAX } from '../../schemas/voucher.ts';

/** Numbers on disk; one given is never given again. */
export const KIND = {
  saleLease: 1,
  saleGrant: 2,
  saleReadings: 3,
  saleVoucher: 4,
  saleTick: 5,
  saleReceipt: 6,
  saleAgreed: 7,
  saleEnded: 8,
  salePlace: 9,
  saleDisputed: 10,
  purchaseOffer: 20,
  purchaseLease: 21,
  purchaseOpen: 22,
  purchaseGrant: 23,
  purchaseChain: 24,
  purchaseVoucher: 25,
  purchasePaid: 26,
  purchaseReadings: 27,
  purchaseStatement: 28,
  purchaseEnded: 29,
  purchasePlace: 30,
  purchaseRaised: 31,
} as const;

const FIRST_PURCHASE_KIND = 20;
const HEAD = [bytes('handle', 16), count('kind', 255)];

/** A reason, ours or the other side's. */
const REASON = line('reason', 2 * TEXT_BYTES_MAX);
const SIGNED = [object('object', OBJECT_BYTES_MAX)];
const VOUCHER = object('voucher', VOUCHER_BYTES_MAX);
const TICK = object('tick', TICK_BYTES_MAX);
const SEQ = atLeast(1, count('seq', U32_MAX));
const PLACE = [count('reading', U32_MAX), bytes('head', 32)];

/** Readings that came together share a record; of the longest (a text), as many as fit 65,536 bytes. */
export const READINGS_PER_RECORD = 48;
const READING = object('reading', OBJECT_BYTES_MAX);

/** `length` times the same: the readings of a record, at least one. */
const readings = (length: number): readonly Field[] => {
  const fields = [READING];
  while (fields.length < length) fields.push(READING);
  return fields;
};

/** The parts of a record by its kind; null where the shell, not the engine, wrote it. */
const partsOf = (kind: number, length: number): readonly Field[] | null => {
  if (kind === KIND.saleReadings || kind === KIND.purchaseReadings) return readings(length);
  if (kind === KIND.saleLease) {
    const options = [
      amount('exposureNanoMax'),
      amount('paidBeforeNano'),
      amount('unpaidBeforeNano'),
      amount('claimEveryMs'),
    ];
    // Version 0.1 wrote no backings.
    return SIGNED.concat(options, length === 5 ? [] : [count('backings', BACKINGS_MAX)]);
  }
  if (kind === KIND.saleGrant) return SIGNED.concat(SIGNED);
  if (kind === KIND.saleVoucher || kind === KIND.purchaseVoucher) return [VOUCHER];
  if (kind === KIND.saleTick) return [TICK];
  if (kind === KIND.saleEnded || kind === KIND.purchaseEnded) return [REASON];
  if (kind === KIND.saleDisputed) return [];
  if (kind === KIND.salePlace) return PLACE;
  if (kind === KIND.purchasePlace) return PLACE.concat([amount('releasedNano')]);
  if (kind === KIND.purchaseChain) return [SEQ, bytes('last', LINK_BYTES)];
  if (kind === KIND.purchasePaid) return [SEQ, atLeast(1, count('index', CHAIN_TICKS_MAX))];
  if (kind === KIND.purchaseRaised) return [VOUCHER, orNull(TICK)];
  return kind <= KIND.purchaseRaised ? SIGNED : null;
};

export type JournalRecord = {
  readonly handle: Uint8Array;
  readonly role: 'sale' | 'purchase';
  readonly kind: number;
  readonly parts: readonly Cbor[];
};

export const encodeRecord = (handle: Uint8Array, kind: number, parts: readonly Cbor[]): Uint8Array =>
  encodeCbor(([handle, kind] as Cbor[]).concat(parts));

/** Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeRecord = (encoded: Uint8Array): Result<JournalRecord> => {
  const item = decodeCbor(encoded);
  if (!item.ok) return item;
  if (!Array.isArray(item.value)) return refuse('object-malformed', 'a journal record is an array');
  const list = item.value as readonly Cbor[];
  const head = checkFields('record', list.slice(0, 2), HEAD);
  if (!head.ok) return head;
  const kind = head.value[1] as number;
  const fields = partsOf(kind, list.length - 2);
  const parts = fields === null ? ok(list.slice(2)) : checkFields('record', list.slice(2), fields);
  if (!parts.ok) return parts;
  return ok({
    handle: head.value[0] as Uint8Array,
    role: kind < FIRST_PURCHASE_KIND ? 'sale' : 'purchase',
    kind: kind,
    parts: parts.value,
  });
};
