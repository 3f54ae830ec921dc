/** A sale from its records, and the fewest records that make it again. */

import type { Cbor } from '../../../schemas/cbor.ts';
import {
  acceptTick,
  acceptVoucher,
  decodeTick,
  evidenceOf,
  type Position,
} from '../../../schemas/evidence.ts';
import { BACKINGS_USUAL } from '../../../schemas/grant.ts';
import { totalNanoFor } from '../../../schemas/price.ts';
import { openReceipt } from '../../../schemas/receipt.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openAgreed } from '../../../schemas/statement.ts';
import { RESYNC_NONCE_BYTES } from '../../../schemas/stream.ts';
import { openLease } from '../../../schemas/terms.ts';
import { appendReading, newBacklog, newestOf, readingAt } from '../backlog.ts';
import type { Ports } from '../effects.ts';
import { decodeRecord, encodeRecord, type JournalRecord, KIND, READINGS_PER_RECORD } from '../record.ts';
import type { Turn } from '../turn.ts';
import { letGoOfPaid } from './delivery.ts';
import { installGrant } from './payment.ts';
import { installAgreed } from './settlement.ts';
import { bestEvidence, leaseParts, newSaleState, type Sale, saleMark } from './state.ts';

const begin = (ports: Ports, parts: readonly Cbor[]): Result<Sale> => {
  const lease = openLease(parts[0] as Uint8Array, ports.crypto);
  if (!lease.ok) return lease;
  return ok(
    newSaleState(lease.value, {
      exposureNanoMax: parts[1] as number,
      paidBeforeNano: parts[2] as number,
      unpaidBeforeNano: parts[3] as number,
      claimEveryMs: parts[4] as number,
      backings: parts.length === 5 ? BACKINGS_USUAL : (parts[5] as number),
    }),
  );
};

const applyEvidence = (ports: Ports, sale: Sale, kind: number, bytes: Uint8Array): Result<unknown> => {
  if (sale.held === null) return refuse('object-malformed', 'evidence before a grant');
  const tick = kind === KIND.saleTick ? decodeTick(bytes) : null;
  if (tick !== null && !tick.ok) return tick;
  const total =
    tick === null
      ? acceptVoucher(sale.held, bytes, ports.crypto)
      : acceptTick(sale.held, tick.value, ports.crypto);
  if (total.ok) sale.verifiedNano = total.value;
  return total;
};

const applySigned = (ports: Ports, sale: Sale, kind: number, bytes: Uint8Array): Result<unknown> => {
  const terms = sale.lease.terms;
  const verify = ports.crypto.verify;
  if (kind === KIND.saleAgreed) {
    const agreed = openAgreed(bytes, sale.lease.id, terms.buyer, terms.seller, verify);
    if (agreed.ok) installAgreed(sale, bytes, agreed.value);
    return agreed;
  }
  if (sale.channel === null) return refuse('object-malformed', 'a receipt before a grant');
  const receipt = openReceipt(bytes, sale.channel.id, terms.settler, verify);
  if (receipt.ok) {
    sale.claimedNano = receipt.value.paidNano;
    sale.receiptBytes = bytes;
  }
  return receipt;
};

const apply = (turn: Turn, sale: Sale, record: JournalRecord): Result<unknown> => {
  const kind = record.kind;
  const bytes = record.parts[0] as Uint8Array;
  if (kind === KIND.saleReadings) {
    for (const reading of record.parts) {
      appendReading(sale.backlog, reading as Uint8Array, turn.ports.crypto.sha256);
    }
    return ok(true);
  }
  if (kind === KIND.saleVoucher || kind === KIND.saleTick)
    return applyEvidence(turn.ports, sale, kind, bytes);
  if (kind === KIND.saleGrant) return installGrant(turn, sale, bytes, record.parts[1] as Uint8Array);
  if (kind === KIND.saleAgreed || kind === KIND.saleReceipt)
    return applySigned(turn.ports, sale, kind, bytes);
  if (kind === KIND.salePlace)
    sale.backlog = newBacklog(record.parts[0] as number, record.parts[1] as Uint8Array);
  else if (kind === KIND.saleDisputed) {
    sale.phase = 'disputed';
    sale.reason = 'dispute';
  } else if (kind === KIND.saleEnded) {
    sale.phase = 'ended';
    sale.reason = record.parts[0] as string;
  } else return refuse('object-malformed', 'no record of a sale has kind ' + kind);
  return ok(true);
};

/**
 * The sale its records tell of, before the buyer has been asked what it holds. What was read from disk counts
 * as durable. Codes: those of the objects within, object-malformed.
 */
export const saleFromRecords = (ports: Ports, records: readonly Uint8Array[]): Result<Sale> => {
  const turn: Turn = { ports: ports, nowMs: 0, effects: [] };
  let sale: Sale | null = null;
  for (const bytes of records) {
    const record = decodeRecord(bytes);
    if (!record.ok) return record;
    if (record.value.kind === KIND.saleLease) {
      const begun = begin(ports, record.value.parts);
      if (!begun.ok) return begun;
      sale = begun.value;
    } else {
      if (sale === null) return refuse('object-malformed', 'records of a sale begin with its lease');
      const applied = apply(turn, sale, record.value);
      if (!applied.ok) return applied;
    }
  }
  if (sale === null) return refuse('object-malformed', 'a sale without records');
  sale.journalledNano = sale.verifiedNano;
  sale.journalledEvidence = bestEvidence(sale);
  sale.sent = newestOf(sale.backlog);
  sale.sentNano = totalNanoFor(sale.lease.terms.price, sale.sent);
  sale.durable = saleMark(sale);
  sale.restored = true;
  sale.nonce = ports.crypto.random(RESYNC_NONCE_BYTES);
  letGoOfPaid(sale);
  return ok(sale);
};

const evidenceRecords = (sale: Sale): Uint8Array[] => {
  const records: Uint8Array[] = [];
  if (sale.held === null) return records;
  const ticks: Uint8Array[] = [];
  const positions: (Position | null)[] = [sale.held.previous, sale.held.current];
  for (const position of positions) {
    if (position === null) continue;
    const evidence = evidenceOf(position);
    records.push(encodeRecord(sale.handle, KIND.saleVoucher, [evidence.voucher]));
    if (evidence.tick !== null) ticks.push(encodeRecord(sale.handle, KIND.saleTick, [evidence.tick]));
  }
  return records.concat(ticks);
};

/** A snapshot, for compaction: `saleFromRecords` makes an equal sale of it. */
export const saleRecords = (sale: Sale): readonly Uint8Array[] => {
  const records = [encodeRecord(sale.handle, KIND.saleLease, leaseParts(sale))];
  if (sale.openBytes !== null && sale.grantBytes !== null) {
    records.push(encodeRecord(sale.handle, KIND.saleGrant, [sale.openBytes, sale.grantBytes]));
  }
  records.push(encodeRecord(sale.handle, KIND.salePlace, [sale.backlog.base, sale.backlog.baseHead]));
  for (let n = sale.backlog.base + 1; n <= newestOf(sale.backlog); ) {
    const readings: Uint8Array[] = [];
    while (n <= newestOf(sale.backlog) && readings.length < READINGS_PER_RECORD) {
      readings.push(readingAt(sale.backlog, n));
      n++;
    }
    records.push(encodeRecord(sale.handle, KIND.saleReadings, readings));
  }
  const evidence = evidenceRecords(sale);
  for (const record of evidence) records.push(record);
  if (sale.receiptBytes !== null)
    records.push(encodeRecord(sale.handle, KIND.saleReceipt, [sale.receiptBytes]));
  if (sale.phase === 'disputed') records.push(encodeRecord(sale.handle, KIND.saleDisputed, []));
  if (sale.agreedBytes !== null) records.push(encodeRecord(sale.handle, KIND.saleAgreed, [sale.agreedBytes]));
  if (sale.phase === 'ended') records.push(encodeRecord(sale.handle, KIND.saleEnded, [sale.reason]));
  return records;
};
