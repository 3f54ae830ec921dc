/** Payment: a grant, vouchers and ticks come in; verified totals free the window, journalled ones can be claimed. */

import { equalBytes } from '../../../schemas/bytes.ts';
import { acceptTick, acceptVoucher, decodeTick, newHeld } from '../../../schemas/evidence.ts';
import { backingBit, openGrant } from '../../../schemas/grant.ts';
import { openChannel } from '../../../schemas/open.ts';
import { totalNanoFor } from '../../../schemas/price.ts';
import { CODES, ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { type ControlOf, encodeControl } from '../../../schemas/stream.ts';
import type { Tick } from '../../../schemas/tick.ts';
import { headAt, newBacklog, newestOf } from '../backlog.ts';
import { EXPIRY_MARGIN_S, REPEAT_MS } from '../effects.ts';
import { KIND } from '../record.ts';
import { notice, prompt, stream, type Turn } from '../turn.ts';
import { numberWaiting, rewindTo } from './delivery.ts';
import { bestEvidence, journalSale, type Sale } from './state.ts';

/** Refuses with the best evidence held, so that an honest payer can go on from there. */
export const refuseOnStream = (turn: Turn, sale: Sale, refusal: Refusal): void => {
  if (sale.refusalsLeft === 0) return;
  sale.refusalsLeft--;
  const best = bestEvidence(sale);
  const voucher = best === null ? null : best.voucher;
  const tick = best === null ? null : best.tick;
  stream(
    turn,
    encodeControl({ kind: 'refusal', parts: [CODES[refusal.code], refusal.detail, voucher, tick] }),
  );
  notice(turn, refusal.code, refusal.detail);
};

/**
 * Installs a grant in the state; false where it is no newer than the one held. A grant that is refused leaves
 * nothing behind. Codes: channel-*, settler-*, backing-unacceptable, those of the objects.
 */
export const installGrant = (
  turn: Turn,
  sale: Sale,
  openBytes: Uint8Array,
  grantBytes: Uint8Array,
): Result<boolean> => {
  const terms = sale.lease.terms;
  const crypto = turn.ports.crypto;
  const channel = openChannel(openBytes, crypto);
  if (!channel.ok) return channel;
  const open = channel.value.open;
  if (!equalBytes(open.payee, terms.seller) || !equalBytes(open.payer, terms.buyer)) {
    return refuse('channel-mismatch', 'the channel is between other parties');
  }
  if (!equalBytes(open.terms, sale.lease.id) || open.currency !== terms.currency) {
    return refuse('channel-mismatch', 'the channel is for another lease or currency');
  }
  if (!equalBytes(open.settler, terms.settler))
    return refuse('settler-unpinned', 'the lease names another settler');
  if (sale.channel !== null && !equalBytes(sale.channel.id, channel.value.id)) {
    return refuse('channel-mismatch', 'this lease has a channel already');
  }
  const grant = openGrant(grantBytes, channel.value.id, terms.settler, crypto.verify);
  if (!grant.ok) return grant;
  if (grant.value.version <= sale.grantVersion) return ok(false);
  const backing = grant.value.backing;
  if ((sale.options.backings & backingBit(backing)) === 0) {
    return refuse(
      'backing-unacceptable',
      'a grant that is ' + backing + ' is not accepted here: deposit more',
    );
  }
  const expiryS = Math.min(grant.value.expiryS, terms.expiryS);
  if (expiryS * 1000 <= turn.nowMs + EXPIRY_MARGIN_S * 1000) {
    return refuse('channel-expired', 'the grant ends at ' + expiryS + ', within the margin');
  }
  sale.channel = channel.value;
  sale.openBytes = openBytes;
  sale.grantBytes = grantBytes;
  sale.grantVersion = grant.value.version;
  sale.backing = backing;
  sale.expiryS = expiryS;
  if (sale.held === null)
    sale.held = newHeld(channel.value.id, terms.buyer, grant.value.limitNano, terms.ticks);
  else sale.held.limitNano = grant.value.limitNano;
  if (sale.phase === 'leased') sale.phase = 'selling';
  return ok(true);
};

/** After the end nobody delivers on it: it stays the buyer's. */
export const onGrant = (turn: Turn, sale: Sale, control: ControlOf<'grant'>): void => {
  if (sale.phase === 'ended') return;
  const installed = installGrant(turn, sale, control.parts[0], control.parts[1]);
  if (!installed.ok) refuseOnStream(turn, sale, installed);
  else if (installed.value) journalSale(turn, sale, KIND.saleGrant, [control.parts[0], control.parts[1]]);
};

/** A voucher whose head differs is kept, since it is money, but nothing more is delivered. */
const checkHead = (turn: Turn, sale: Sale): void => {
  if (sale.held === null || sale.held.current === null || sale.phase !== 'selling') return;
  const voucher = sale.held.current.voucher;
  const head = headAt(sale.backlog, voucher.readings);
  if (head === null || equalBytes(head, voucher.head)) return;
  sale.phase = 'disputed';
  sale.reason = 'dispute';
  journalSale(turn, sale, KIND.saleDisputed, []);
  refuseOnStream(
    turn,
    sale,
    refuse('voucher-head-differs', 'head after reading ' + voucher.readings + ' is another'),
  );
  stream(turn, encodeControl({ kind: 'end', parts: ['dispute'] }));
};

/** A total that counts, or a refusal; what is merely old was repeated by the network and means nothing. */
const count = (turn: Turn, sale: Sale, total: Result<number>): void => {
  if (total.ok) {
    prompt(turn, total.value - sale.verifiedNano, sale.lease.terms.windowNano);
    sale.verifiedNano = total.value;
    sale.repeatMs = REPEAT_MS;
  } else if (total.code !== 'tick-stale' && total.code !== 'voucher-stale') refuseOnStream(turn, sale, total);
};

const journalBest = (turn: Turn, sale: Sale, kind: number, bytes: Uint8Array): void => {
  sale.journalledNano = sale.verifiedNano;
  sale.journalledEvidence = bestEvidence(sale);
  journalSale(turn, sale, kind, [bytes]);
};

export const onVoucher = (turn: Turn, sale: Sale, voucher: Uint8Array): void => {
  if (sale.held === null) {
    refuseOnStream(turn, sale, refuse('channel-unknown', 'no grant has been shown for this lease'));
    return;
  }
  const before = sale.held.current;
  count(turn, sale, acceptVoucher(sale.held, voucher, turn.ports.crypto));
  if (sale.held.current === before) return;
  journalBest(turn, sale, KIND.saleVoucher, voucher);
  checkHead(turn, sale);
};

export const onTick = (turn: Turn, sale: Sale, tick: Tick): void => {
  if (sale.held !== null) count(turn, sale, acceptTick(sale.held, tick, turn.ports.crypto));
};

/** One record for all the ticks that came in together. */
export const journalTick = (turn: Turn, sale: Sale): void => {
  const best = sale.verifiedNano > sale.journalledNano ? bestEvidence(sale) : null;
  if (best !== null && best.tick !== null) journalBest(turn, sale, KIND.saleTick, best.tick);
};

/**
 * What the buyer says it holds: its evidence may only raise a total, its readings say where to go on. A sale
 * that came from disk goes on only when the buyer answers its own question: an old place would have it number
 * readings again that the buyer holds. False where nobody holds the reading that comes next.
 */
export const onPlace = (
  turn: Turn,
  sale: Sale,
  parts: ControlOf<'resync'>['parts'],
  isAnswer: boolean,
): boolean => {
  const voucher = parts[1];
  if (voucher !== null && sale.held !== null) {
    onVoucher(turn, sale, voucher);
    const tick = parts[2] === null ? null : decodeTick(parts[2]);
    if (tick !== null && tick.ok) onTick(turn, sale, tick.value);
  }
  const highest = parts[3];
  if (sale.restored && !isAnswer) return true;
  let goesOn = true;
  if (highest <= newestOf(sale.backlog)) goesOn = rewindTo(sale, highest);
  else if (sale.restored && highest <= sale.lease.terms.readingsMax) {
    // Our disk lost the tail of what was delivered: the buyer's row goes on from its own head.
    sale.backlog = newBacklog(highest, parts[4]);
    sale.sent = highest;
    sale.sentNano = totalNanoFor(sale.lease.terms.price, highest);
    journalSale(turn, sale, KIND.salePlace, [highest, parts[4]]);
  }
  if (sale.restored) numberWaiting(turn, sale);
  return goesOn;
};

export const placeOf = (sale: Sale, nonce: Uint8Array): ControlOf<'resync'>['parts'] => {
  const best = bestEvidence(sale);
  const newest = newestOf(sale.backlog);
  return [
    nonce,
    best === null ? null : best.voucher,
    best === null ? null : best.tick,
    newest,
    headAt(sale.backlog, newest)!,
  ];
};
