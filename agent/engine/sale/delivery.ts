/** Delivery: a reading becomes part of the lease, waits for room in the window, and is sent or sent again. */

import { priceNanoOf, readingsPaidFloor, totalNanoFor } from '../../../schemas/price.ts';
import { encodeReading, type Value } from '../../../schemas/senml.ts';
import { appendReading, BACKLOG_READINGS_MAX, dropPaid, newestOf, readingAt } from '../backlog.ts';
import { EXPIRY_MARGIN_S, LAG_READINGS_MAX } from '../effects.ts';
import { notice, stream, type Turn } from '../turn.ts';
import { roomNanoOf, type Sale } from './state.ts';

/** Counterparty risk is the window, crash risk the lag; beyond either, delivery waits. */
const mayDeliver = (sale: Sale, nowMs: number): boolean => {
  if (sale.restored || sale.phase !== 'selling' || sale.held === null || sale.held.current === null)
    return false;
  if (sale.sent >= newestOf(sale.backlog)) return false;
  if (nowMs >= (sale.expiryS - EXPIRY_MARGIN_S) * 1000) return false;
  const priceNano = priceNanoOf(sale.lease.terms.price, sale.sent + 1);
  if (sale.sentNano + priceNano > Math.min(sale.held.limitNano, sale.options.exposureNanoMax)) return false;
  if (priceNano > roomNanoOf(sale)) return false;
  if (sale.verifiedNano - sale.durable.totalNano > LAG_READINGS_MAX * priceNano) return false;
  return sale.sent - sale.durable.readings < LAG_READINGS_MAX;
};

/** Sends what the window allows. */
export const deliver = (turn: Turn, sale: Sale): void => {
  while (mayDeliver(sale, turn.nowMs)) {
    sale.sent++;
    sale.sentNano += priceNanoOf(sale.lease.terms.price, sale.sent);
    stream(turn, readingAt(sale.backlog, sale.sent));
  }
};

/** Everything after reading `n` is to be sent again; false where what follows it is not kept any more. */
export const rewindTo = (sale: Sale, n: number): boolean => {
  if (n < sale.backlog.base) return false;
  if (n >= sale.sent) return true;
  sale.sent = n;
  sale.sentNano = totalNanoFor(sale.lease.terms.price, n);
  return true;
};

/** Paid readings have no reason to be sent or kept. */
export const letGoOfPaid = (sale: Sale): void => {
  dropPaid(sale.backlog, readingsPaidFloor(sale.lease.terms.price, sale.verifiedNano));
};

const appendTaken = (turn: Turn, sale: Sale, value: Value, atMs: number): void => {
  const terms = sale.lease.terms;
  const newest = newestOf(sale.backlog);
  const offGridMs = Math.floor(atMs) - (terms.baseTimeMs + newest * terms.periodMs);
  const onGrid = Math.abs(offGridMs) * 2 <= terms.periodMs;
  const bytes = encodeReading({ seq: newest + 1, value: value, offsetMs: onGrid ? 0 : offGridMs });
  appendReading(sale.backlog, bytes, turn.ports.crypto.sha256);
  sale.unjournalled.push(bytes);
};

export const takeReading = (turn: Turn, sale: Sale, value: Value, atMs: number): void => {
  const terms = sale.lease.terms;
  const newest = newestOf(sale.backlog) + sale.waiting.length;
  if (sale.phase !== 'selling' || newest >= terms.readingsMax) return;
  if (newest - readingsPaidFloor(terms.price, sale.verifiedNano) >= BACKLOG_READINGS_MAX) {
    if (sale.lost === 0)
      notice(turn, 'window-full', BACKLOG_READINGS_MAX + ' readings wait unpaid; newer ones are lost');
    sale.lost++;
  } else if (sale.restored) sale.waiting.push({ value: value, atMs: atMs });
  else appendTaken(turn, sale, value, atMs);
};

/** The buyer has said where its row ends: what came in meanwhile goes on from there. */
export const numberWaiting = (turn: Turn, sale: Sale): void => {
  const waiting = sale.waiting;
  sale.restored = false;
  sale.waiting = [];
  for (const taken of waiting) takeReading(turn, sale, taken.value, taken.atMs);
};
