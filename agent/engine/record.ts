/**
 * Records: what a sale or a purchase writes to the agent's journal.
 *
 *     [handle 16, kind, ...parts]
 *
 * The handle groups the records of one state; a state is the fold of its records in order.
 */

import { type Cbor, decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { bytes, checkFields, count } from '../../schemas/fields.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';

/** Numbers on disk; one given is never given again. */
export const KIND = {
  saleLease: 1,
  saleGrant: 2,
  saleReading: 3,
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
  purchaseReading: 27,
  purchaseStatement: 28,
  purchaseEnded: 29,
  purchasePlace: 30,
  purchaseRaised: 31,
} as const;

const FIRST_PURCHASE_KIND = 20;
const HEAD = [bytes('handle', 16), count('kind', 255)];

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
  return ok({
    handle: head.value[0] as Uint8Array,
    role: kind < FIRST_PURCHASE_KIND ? 'sale' : 'purchase',
    kind: kind,
    parts: list.slice(2),
  });
};
