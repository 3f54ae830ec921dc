/**
 * The state of a purchase: the buyer's side of one lease.
 *
 *     offering --lease--> opening --grant--> buying --all read, stop or expiry--> closing --agreed--> ended
 */

import type { Cbor } from '../../../schemas/cbor.ts';
import type { Backing } from '../../../schemas/grant.ts';
import type { Channel } from '../../../schemas/open.ts';
import { readingsPaidFloor, totalNanoFor } from '../../../schemas/price.ts';
import { RESYNC_NONCE_BYTES } from '../../../schemas/stream.ts';
import type { Lease, Terms } from '../../../schemas/terms.ts';
import type { ChainDraft } from '../../../schemas/tick.ts';
import { type Mark, NO_MARK, REPEAT_MS } from '../effects.ts';
import type { Outbox } from '../outbox.ts';
import { encodeRecord, KIND, READINGS_PER_RECORD } from '../record.ts';
import type { Turn } from '../turn.ts';

/** The chain that the newest voucher opened: x[0..ticks] and how far it is released. */
export type OpenChain = {
  readonly seq: number;
  readonly cumulativeNano: number;
  readonly tickNano: number;
  readonly links: Uint8Array;
  index: number;
};

/** The last link of a chain that no voucher has opened yet, its seq, and what of it has been made. */
type NextChain = { readonly seq: number; readonly last: Uint8Array; draft: ChainDraft | null };

export type Purchase = {
  readonly handle: Uint8Array;
  readonly terms: Terms;
  readonly offerBytes: Uint8Array;
  phase: 'offering' | 'opening' | 'buying' | 'closing' | 'ended';
  lease: Lease | null;
  openBytes: Uint8Array | null;
  channel: Channel | null;
  grantBytes: Uint8Array | null;
  /** Who bears default: what the grant says. */
  backing: Backing | null;
  limitNano: number;
  /** Seconds since 1970. */
  expiryS: number;
  /** Readings held in one unbroken row, the head after them, and what they cost. */
  highest: number;
  head: Uint8Array;
  dueNano: number;
  /** The newest of them, which no record holds yet. */
  readonly unjournalled: Uint8Array[];
  /** Everything released to the seller: it only rises. */
  releasedNano: number;
  journalledNano: number;
  voucherBytes: Uint8Array | null;
  voucherSeq: number;
  chain: OpenChain | null;
  next: NextChain | null;
  durable: Mark;
  /** False after a start from disk, until the seller has shown its best evidence: nothing is signed before. */
  synced: boolean;
  nonce: Uint8Array;
  heardMs: number;
  repeatMs: number;
  nakDueMs: number;
  /** Readings that came again, and rows that were broken. */
  repeated: number;
  gaps: number;
  statementBytes: Uint8Array | null;
  /** Total of the statement, and when it was made; 0 where that was before a restart. */
  statedNano: number;
  statedMs: number;
  agreedBytes: Uint8Array | null;
  reason: string;
  readonly outbox: Outbox;
};

export const newPurchaseState = (handle: Uint8Array, terms: Terms, offerBytes: Uint8Array): Purchase => ({
  handle: handle,
  terms: terms,
  offerBytes: offerBytes,
  phase: 'offering',
  lease: null,
  openBytes: null,
  channel: null,
  grantBytes: null,
  backing: null,
  limitNano: 0,
  expiryS: terms.expiryS,
  highest: 0,
  head: handle,
  dueNano: 0,
  unjournalled: [],
  releasedNano: 0,
  journalledNano: 0,
  voucherBytes: null,
  voucherSeq: 0,
  chain: null,
  next: null,
  durable: NO_MARK,
  synced: true,
  nonce: new Uint8Array(RESYNC_NONCE_BYTES),
  heardMs: 0,
  repeatMs: REPEAT_MS,
  nakDueMs: 0,
  repeated: 0,
  gaps: 0,
  statementBytes: null,
  statedNano: 0,
  statedMs: 0,
  agreedBytes: null,
  reason: '',
  outbox: [],
});

export const purchaseMark = (purchase: Purchase): Mark => ({
  totalNano: purchase.journalledNano,
  evidence: null,
  readings: purchase.highest - purchase.unjournalled.length,
  chainSeq: purchase.next === null ? purchase.voucherSeq : purchase.next.seq,
  agreed: false,
});

const append = (turn: Turn, purchase: Purchase, kind: number, parts: readonly Cbor[]): void => {
  const record = encodeRecord(purchase.handle, kind, parts);
  turn.effects.push({ kind: 'journal', record: record, mark: purchaseMark(purchase) });
};

/** The readings that came in since the last record, before anything else is written and before any is paid. */
export const journalReadings = (turn: Turn, purchase: Purchase): void => {
  while (purchase.unjournalled.length > 0) {
    append(turn, purchase, KIND.purchaseReadings, purchase.unjournalled.splice(0, READINGS_PER_RECORD));
  }
};

export const journalPurchase = (
  turn: Turn,
  purchase: Purchase,
  kind: number,
  parts: readonly Cbor[],
): void => {
  journalReadings(turn, purchase);
  append(turn, purchase, kind, parts);
};

/** What `n` readings cost under the terms; the terms were made so that this stays below 2^53. */
export const costNano = (purchase: Purchase, n: number): number => totalNanoFor(purchase.terms.price, n);

export type PurchaseReport = {
  readonly lease: Uint8Array | null;
  readonly seller: Uint8Array;
  readonly capability: string;
  readonly phase: Purchase['phase'];
  readonly reason: string;
  readonly wanted: number;
  readonly delivered: number;
  readonly paid: number;
  readonly paidNano: number;
  readonly dueNano: number;
  readonly limitNano: number;
  readonly vouchers: number;
  readonly repeated: number;
  readonly gaps: number;
};

/** Figures for people. */
export const purchaseReport = (purchase: Purchase): PurchaseReport => ({
  lease: purchase.lease === null ? null : purchase.lease.id,
  seller: purchase.terms.seller,
  capability: purchase.terms.capability,
  phase: purchase.phase,
  reason: purchase.reason,
  wanted: purchase.terms.readingsMax,
  delivered: purchase.highest,
  paid: Math.min(readingsPaidFloor(purchase.terms.price, purchase.releasedNano), purchase.highest),
  paidNano: purchase.releasedNano,
  dueNano: purchase.dueNano,
  limitNano: purchase.limitNano,
  vouchers: purchase.voucherSeq,
  repeated: purchase.repeated,
  gaps: purchase.gaps,
});
