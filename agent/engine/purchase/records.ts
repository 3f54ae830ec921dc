/** A purchase from its records, and the fewest records that make it again. */

import { equalBytes } from '../../../schemas/bytes.ts';
import type { Cbor } from '../../../schemas/cbor.ts';
import { parseEvidence } from '../../../schemas/evidence.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openStatement } from '../../../schemas/statement.ts';
import { RESYNC_NONCE_BYTES } from '../../../schemas/stream.ts';
import { openOffer } from '../../../schemas/terms.ts';
import { buildChain, LINK_BYTES, linkAt } from '../../../schemas/tick.ts';
import { parseVoucher } from '../../../schemas/voucher.ts';
import type { Ports } from '../effects.ts';
import { decodeRecord, encodeRecord, type JournalRecord, KIND } from '../record.ts';
import type { Turn } from '../turn.ts';
import { installGrant, installLease, installOpen } from './opening.ts';
import { applyRaise } from './payment.ts';
import { appendBought } from './receiving.ts';
import { costNano, newPurchaseState, type Purchase, purchaseMark } from './state.ts';

/** Our own voucher, opened again with the link that was made for it. */
const applyVoucher = (ports: Ports, purchase: Purchase, bytes: Uint8Array): Result<unknown> => {
  const parsed = parseVoucher(bytes);
  if (!parsed.ok) return parsed;
  const voucher = parsed.value;
  const next = purchase.next;
  purchase.voucherBytes = bytes;
  purchase.voucherSeq = voucher.seq;
  purchase.releasedNano = Math.max(purchase.releasedNano, voucher.cumulativeNano);
  purchase.chain = null;
  purchase.next = null;
  if (voucher.anchor === null || next === null || next.seq !== voucher.seq || purchase.channel === null)
    return ok(true);
  const links = buildChain(
    ports.crypto.sha256,
    purchase.channel.id,
    next.seq,
    next.last,
    purchase.terms.ticks,
  );
  if (!equalBytes(linkAt(links, 0), voucher.anchor))
    return refuse('object-malformed', "a chain that is not the voucher's");
  purchase.chain = {
    seq: voucher.seq,
    cumulativeNano: voucher.cumulativeNano,
    tickNano: voucher.tickNano,
    links: links,
    index: 0,
  };
  return ok(true);
};

const applyPaid = (purchase: Purchase, seq: number, index: number): Result<unknown> => {
  const chain = purchase.chain;
  if (chain === null || chain.seq !== seq || index > purchase.terms.ticks)
    return refuse('object-malformed', 'a tick of a chain that is not open');
  chain.index = index;
  purchase.releasedNano = Math.max(purchase.releasedNano, chain.cumulativeNano + index * chain.tickNano);
  return ok(true);
};

const applyStatement = (ports: Ports, purchase: Purchase, bytes: Uint8Array): Result<unknown> => {
  if (purchase.lease === null) return refuse('object-malformed', 'a statement before a lease');
  const statement = openStatement(bytes, purchase.lease.id, purchase.terms.buyer, ports.crypto.verify);
  if (!statement.ok) return statement;
  purchase.statementBytes = bytes;
  purchase.statedNano = statement.value.totalNano;
  purchase.phase = 'closing';
  purchase.reason = statement.value.reason;
  return ok(true);
};

const applyPlace = (purchase: Purchase, parts: readonly Cbor[]): Result<unknown> => {
  purchase.highest = parts[0] as number;
  purchase.head = parts[1] as Uint8Array;
  purchase.dueNano = costNano(purchase, purchase.highest);
  purchase.releasedNano = parts[2] as number;
  return ok(true);
};

const applyRaised = (purchase: Purchase, voucher: Uint8Array, tick: Uint8Array | null): Result<unknown> => {
  const stated = parseEvidence({ voucher: voucher, tick: tick });
  if (stated.ok) applyRaise(purchase, voucher, stated.value);
  return stated;
};

const apply = (turn: Turn, purchase: Purchase, record: JournalRecord): Result<unknown> => {
  const kind = record.kind;
  const parts = record.parts;
  const bytes = parts[0] as Uint8Array;
  if (kind === KIND.purchaseLease) return installLease(turn, purchase, bytes);
  if (kind === KIND.purchaseOpen) return installOpen(turn, purchase, bytes);
  if (kind === KIND.purchaseGrant) return installGrant(turn, purchase, bytes);
  if (kind === KIND.purchaseVoucher) return applyVoucher(turn.ports, purchase, bytes);
  if (kind === KIND.purchasePaid) return applyPaid(purchase, parts[0] as number, parts[1] as number);
  if (kind === KIND.purchaseStatement) return applyStatement(turn.ports, purchase, bytes);
  if (kind === KIND.purchasePlace) return applyPlace(purchase, parts);
  if (kind === KIND.purchaseRaised) return applyRaised(purchase, bytes, parts[1] as Uint8Array | null);
  if (kind === KIND.purchaseReadings) {
    for (const reading of parts) appendBought(turn, purchase, reading as Uint8Array);
  } else if (kind === KIND.purchaseChain)
    purchase.next = { seq: parts[0] as number, last: parts[1] as Uint8Array, draft: null };
  else if (kind === KIND.purchaseEnded) {
    purchase.phase = 'ended';
    purchase.reason = parts[0] as string;
  } else return refuse('object-malformed', 'no record of a purchase has kind ' + kind);
  return ok(true);
};

/**
 * The purchase its records tell of. It signs nothing before the seller has answered a resync. What was read
 * from disk counts as durable. Codes: those of the objects within, object-malformed.
 */
export const purchaseFromRecords = (ports: Ports, records: readonly Uint8Array[]): Result<Purchase> => {
  const turn: Turn = { ports: ports, nowMs: 0, effects: [] };
  let purchase: Purchase | null = null;
  for (const bytes of records) {
    const record = decodeRecord(bytes);
    if (!record.ok) return record;
    if (record.value.kind === KIND.purchaseOffer) {
      const offer = record.value.parts[0] as Uint8Array;
      const terms = openOffer(offer, ports.crypto);
      if (!terms.ok) return terms;
      purchase = newPurchaseState(record.value.handle, terms.value, offer);
    } else {
      if (purchase === null) return refuse('object-malformed', 'records of a purchase begin with its offer');
      const applied = apply(turn, purchase, record.value);
      if (!applied.ok) return applied;
    }
  }
  if (purchase === null) return refuse('object-malformed', 'a purchase without records');
  // The prepared link may have been used by a voucher whose record was lost: its seq is never used again.
  if (purchase.next !== null) purchase.voucherSeq = purchase.next.seq;
  purchase.next = null;
  purchase.journalledNano = purchase.releasedNano;
  purchase.durable = purchaseMark(purchase);
  purchase.synced = false;
  purchase.nonce = ports.crypto.random(RESYNC_NONCE_BYTES);
  return ok(purchase);
};

const NO_LINK = new Uint8Array(LINK_BYTES);

/** A snapshot, for compaction: `purchaseFromRecords` makes an equal purchase of it. */
export const purchaseRecords = (purchase: Purchase): readonly Uint8Array[] => {
  const records: Uint8Array[] = [];
  const add = (kind: number, parts: readonly Cbor[]): void => {
    records.push(encodeRecord(purchase.handle, kind, parts));
  };
  add(KIND.purchaseOffer, [purchase.offerBytes]);
  if (purchase.lease !== null) add(KIND.purchaseLease, [purchase.lease.bytes]);
  if (purchase.openBytes !== null) add(KIND.purchaseOpen, [purchase.openBytes]);
  if (purchase.grantBytes !== null) add(KIND.purchaseGrant, [purchase.grantBytes]);
  const chain = purchase.chain;
  if (chain !== null) add(KIND.purchaseChain, [chain.seq, linkAt(chain.links, purchase.terms.ticks)]);
  if (purchase.voucherBytes !== null) add(KIND.purchaseVoucher, [purchase.voucherBytes]);
  if (chain !== null && chain.index > 0) add(KIND.purchasePaid, [chain.seq, chain.index]);
  if (purchase.next !== null) add(KIND.purchaseChain, [purchase.next.seq, purchase.next.last]);
  // A seq that may have been used is remembered by a link that opens nothing.
  else if (purchase.voucherSeq > 0) add(KIND.purchaseChain, [purchase.voucherSeq, NO_LINK]);
  if (purchase.lease !== null)
    add(KIND.purchasePlace, [purchase.highest, purchase.head, purchase.releasedNano]);
  if (purchase.statementBytes !== null) add(KIND.purchaseStatement, [purchase.statementBytes]);
  if (purchase.phase === 'ended') add(KIND.purchaseEnded, [purchase.reason]);
  return records;
};
