/**
 * The state of a sale: the seller's side of one lease.
 *
 *     leased --grant--> selling --statement, stop or expiry--> closing --final receipt--> ended
 *                          \--a head that differs--> disputed --statement wait or expiry--> closing
 */

import type { Cbor } from '../../../schemas/cbor.ts';
import { bestOf, type Evidence, evidenceOf, type Held } from '../../../schemas/evidence.ts';
import type { Backing } from '../../../schemas/grant.ts';
import type { Channel } from '../../../schemas/open.ts';
import { priceNanoOf, readingsPaidFloor } from '../../../schemas/price.ts';
import type { Value } from '../../../schemas/senml.ts';
import { RESYNC_NONCE_BYTES } from '../../../schemas/stream.ts';
import type { Lease } from '../../../schemas/terms.ts';
import { type Backlog, newBacklog, newestOf } from '../backlog.ts';
import { type Mark, NO_MARK, REPEAT_MS } from '../effects.ts';
import type { Outbox } from '../outbox.ts';
import { encodeRecord, KIND, READINGS_PER_RECORD } from '../record.ts';
import type { Turn } from '../turn.ts';

export type SaleOptions = {
  /** Most that may be owed under one grant; a larger limit counts only up to here. */
  readonly exposureNanoMax: number;
  /** What this buyer has paid before and what it still owes: its window starts from there. */
  readonly paidBeforeNano: number;
  readonly unpaidBeforeNano: number;
  readonly claimEveryMs: number;
  /** Backings of a grant that are accepted (`backingBit`). */
  readonly backings: number;
};

/** A reading before it has its number. */
type Taken = { readonly value: Value; readonly atMs: number };

export type Sale = {
  readonly handle: Uint8Array;
  readonly lease: Lease;
  readonly options: SaleOptions;
  phase: 'leased' | 'selling' | 'disputed' | 'closing' | 'ended';
  channel: Channel | null;
  openBytes: Uint8Array | null;
  grantBytes: Uint8Array | null;
  grantVersion: number;
  /** Who bears default: what the grant says. */
  backing: Backing | null;
  /** Of the grant, seconds since 1970. */
  expiryS: number;
  held: Held | null;
  backlog: Backlog;
  /** The newest of the backlog, which no record holds yet. */
  readonly unjournalled: Uint8Array[];
  /** Newest reading on its way to the buyer, and the sum of the prices up to it. */
  sent: number;
  sentNano: number;
  /** Best total and evidence: verified, then journalled, then confirmed by the disk (`durable`). */
  verifiedNano: number;
  journalledNano: number;
  journalledEvidence: Evidence | null;
  durable: Mark;
  claimedNano: number;
  receiptBytes: Uint8Array | null;
  claimDueMs: number;
  /** Statement and its total, once both have signed. */
  agreedBytes: Uint8Array | null;
  agreedNano: number;
  delivered: number;
  filed: boolean;
  reason: string;
  endingSinceMs: number;
  /** Since when it waits for a grant; 0 before the first timer. */
  leasedMs: number;
  /** After a refusal the settler is not asked again before; a next one is borne for longer. */
  settleDueMs: number;
  settleWaitMs: number;
  /** Readings that found the backlog full. */
  lost: number;
  /** Rebuilt from a journal whose tail may be missing, until the buyer has said what it holds. */
  restored: boolean;
  /** Readings that came in since then: they have no number yet, or one would be used twice. */
  waiting: Taken[];
  nonce: Uint8Array;
  /** When the buyer was last heard, and how long its silence is borne before unpaid readings are repeated. */
  heardMs: number;
  repeatMs: number;
  refusalsLeft: number;
  readonly outbox: Outbox;
};

/** Between two timers; a hostile payer gets no more answers than this. */
export const REFUSALS_PER_TIMER = 4;

export const newSaleState = (lease: Lease, options: SaleOptions): Sale => ({
  handle: lease.id.slice(0, 16),
  lease: lease,
  options: options,
  phase: 'leased',
  channel: null,
  openBytes: null,
  grantBytes: null,
  grantVersion: 0,
  backing: null,
  expiryS: lease.terms.expiryS,
  held: null,
  backlog: newBacklog(0, lease.id),
  unjournalled: [],
  sent: 0,
  sentNano: 0,
  verifiedNano: 0,
  journalledNano: 0,
  journalledEvidence: null,
  durable: NO_MARK,
  claimedNano: 0,
  receiptBytes: null,
  claimDueMs: 0,
  agreedBytes: null,
  agreedNano: 0,
  delivered: 0,
  filed: false,
  reason: '',
  endingSinceMs: 0,
  leasedMs: 0,
  settleDueMs: 0,
  settleWaitMs: REPEAT_MS,
  lost: 0,
  restored: false,
  waiting: [],
  nonce: new Uint8Array(RESYNC_NONCE_BYTES),
  heardMs: 0,
  repeatMs: REPEAT_MS,
  refusalsLeft: REFUSALS_PER_TIMER,
  outbox: [],
});

export const bestEvidence = (sale: Sale): Evidence | null => {
  const best = sale.held === null ? null : bestOf(sale.held);
  return best === null ? null : evidenceOf(best);
};

/** The parts of a sale's first record. */
export const leaseParts = (sale: Sale): readonly Cbor[] => [
  sale.lease.bytes,
  sale.options.exposureNanoMax,
  sale.options.paidBeforeNano,
  sale.options.unpaidBeforeNano,
  sale.options.claimEveryMs,
  sale.options.backings,
];

export const saleMark = (sale: Sale): Mark => ({
  totalNano: sale.journalledNano,
  evidence: sale.journalledEvidence,
  readings: newestOf(sale.backlog) - sale.unjournalled.length,
  chainSeq: 0,
  agreed: sale.agreedBytes !== null,
});

const append = (turn: Turn, sale: Sale, kind: number, parts: readonly Cbor[]): void => {
  turn.effects.push({
    kind: 'journal',
    record: encodeRecord(sale.handle, kind, parts),
    mark: saleMark(sale),
  });
};

/** The readings that came in since the last record, before anything else is written and before any is sent. */
export const journalReadings = (turn: Turn, sale: Sale): void => {
  while (sale.unjournalled.length > 0) {
    append(turn, sale, KIND.saleReadings, sale.unjournalled.splice(0, READINGS_PER_RECORD));
  }
};

/** Appends a record; its mark says what the disk holds once it is durable. */
export const journalSale = (turn: Turn, sale: Sale, kind: number, parts: readonly Cbor[]): void => {
  journalReadings(turn, sale);
  append(turn, sale, kind, parts);
};

/** What may be unpaid: one reading for a stranger, growing with what the buyer has paid, up to the terms. */
const windowNanoOf = (sale: Sale): number => {
  const one = priceNanoOf(sale.lease.terms.price, sale.sent + 1);
  const earned = sale.options.paidBeforeNano + sale.verifiedNano;
  return Math.max(one, Math.min(earned, sale.lease.terms.windowNano));
};

/** What this buyer owes now, earlier leases included. */
const unpaidNanoOf = (sale: Sale): number =>
  Math.max(0, sale.sentNano - sale.verifiedNano) + sale.options.unpaidBeforeNano;

/** Room in the window, in nano; negative where an earlier lease already fills it. */
export const roomNanoOf = (sale: Sale): number => windowNanoOf(sale) - unpaidNanoOf(sale);

export type SaleReport = {
  readonly lease: Uint8Array;
  readonly buyer: Uint8Array;
  readonly capability: string;
  readonly phase: Sale['phase'];
  readonly reason: string;
  readonly produced: number;
  readonly sent: number;
  readonly delivered: number;
  readonly paid: number;
  readonly paidNano: number;
  readonly durableNano: number;
  readonly claimedNano: number;
  readonly unpaidNano: number;
  readonly windowNano: number;
  readonly disputed: number;
  readonly lost: number;
};

/** Figures for people. `delivered` is what the buyer signed for, once it has. */
export const saleReport = (sale: Sale): SaleReport => {
  const paid = Math.min(
    readingsPaidFloor(sale.lease.terms.price, sale.verifiedNano),
    sale.lease.terms.readingsMax,
  );
  const delivered = sale.agreedBytes === null ? sale.sent : sale.delivered;
  return {
    lease: sale.lease.id,
    buyer: sale.lease.terms.buyer,
    capability: sale.lease.terms.capability,
    phase: sale.phase,
    reason: sale.reason,
    produced: newestOf(sale.backlog),
    sent: sale.sent,
    delivered: delivered,
    paid: paid,
    paidNano: sale.verifiedNano,
    durableNano: sale.durable.totalNano,
    claimedNano: sale.claimedNano,
    unpaidNano: unpaidNanoOf(sale),
    windowNano: windowNanoOf(sale),
    disputed: sale.agreedBytes === null ? 0 : Math.max(0, delivered - paid),
    lost: sale.lost,
  };
};
