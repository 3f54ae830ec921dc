/**
 * Payment: ticks of the open chain, and a fresh voucher where the chain or its worth ends.
 *
 * The last link of a chain is random and on disk before a voucher opens it; the one after is made ahead, so
 * that a rollover does not wait for the disk.
 */

import { addNano, multiplyNano } from '../../../schemas/amount.ts';
import { equalBytes } from '../../../schemas/bytes.ts';
import { parseEvidence, type Stated, verifyEvidence } from '../../../schemas/evidence.ts';
import { U32_MAX } from '../../../schemas/fields.ts';
import { priceNanoOf } from '../../../schemas/price.ts';
import { draftChain, encodeTick, extendChain, LINK_BYTES, linkAt } from '../../../schemas/tick.ts';
import { signVoucher, type Voucher } from '../../../schemas/voucher.ts';
import { LAG_READINGS_MAX } from '../effects.ts';
import { KIND } from '../record.ts';
import { notice, stream, type Turn } from '../turn.ts';
import { journalPurchase, type Purchase } from './state.ts';

/** No voucher comes after this one. We never count so far; whoever else has our key may. */
const isLastOfAll = (purchase: Purchase): boolean => purchase.voucherSeq >= U32_MAX;

/** Makes the last link of the chain after the newest voucher, ahead of its use. */
export const prepareChain = (turn: Turn, purchase: Purchase): void => {
  if (purchase.next !== null || !purchase.synced || isLastOfAll(purchase)) return;
  const last = turn.ports.crypto.random(LINK_BYTES);
  purchase.next = { seq: purchase.voucherSeq + 1, last: last, draft: null };
  journalPurchase(turn, purchase, KIND.purchaseChain, [purchase.next.seq, last]);
};

/** Makes some links of the next chain: all at once they would hold up the line for a millisecond. */
export const draftNext = (turn: Turn, purchase: Purchase, links: number): void => {
  const next = purchase.next;
  if (next === null || purchase.channel === null) return;
  if (next.draft === null) {
    next.draft = draftChain(purchase.channel.id, next.seq, next.last, purchase.terms.ticks);
  }
  extendChain(turn.ports.crypto.sha256, next.draft, links);
};

/** Worth of a tick in the next chain: the next reading, or 0 where a chain would not fit a tick or the limit. */
const nextTickNano = (purchase: Purchase, cumulativeNano: number): number => {
  const tickNano = priceNanoOf(purchase.terms.price, purchase.highest + 1);
  if (tickNano > U32_MAX) return 0;
  const worth = multiplyNano(tickNano, purchase.terms.ticks);
  const reach = worth < 0 ? -1 : addNano(cumulativeNano, worth);
  return reach < 0 || reach > purchase.limitNano ? 0 : tickNano;
};

/** Signs a voucher for `cumulativeNano`; with a chain where one fits. Freezes the voucher before. */
const rollOver = (turn: Turn, purchase: Purchase, cumulativeNano: number, mayChain: boolean): void => {
  const channel = purchase.channel!.id;
  const next = purchase.next!;
  const tickNano = mayChain ? nextTickNano(purchase, cumulativeNano) : 0;
  if (tickNano > 0) draftNext(turn, purchase, purchase.terms.ticks);
  const links = tickNano === 0 ? null : next.draft!.links;
  const voucher: Voucher = {
    seq: next.seq,
    cumulativeNano: cumulativeNano,
    readings: purchase.highest,
    head: purchase.head,
    anchor: links === null ? null : linkAt(links, 0),
    tickNano: tickNano,
  };
  purchase.voucherBytes = signVoucher(channel, voucher, turn.ports.signer);
  purchase.voucherSeq = next.seq;
  purchase.next = null;
  purchase.chain =
    links === null
      ? null
      : { seq: next.seq, cumulativeNano: cumulativeNano, tickNano: tickNano, links: links, index: 0 };
  purchase.releasedNano = cumulativeNano;
  purchase.journalledNano = cumulativeNano;
  journalPurchase(turn, purchase, KIND.purchaseVoucher, [purchase.voucherBytes]);
  prepareChain(turn, purchase);
  stream(turn, purchase.voucherBytes);
};

const canSign = (purchase: Purchase): boolean =>
  purchase.synced &&
  purchase.channel !== null &&
  purchase.next !== null &&
  purchase.durable.chainSeq >= purchase.next.seq;

/** The first voucher pays nothing and opens a chain, so that the first reading is paid by a tick. */
export const openFirstChain = (turn: Turn, purchase: Purchase): void => {
  if (purchase.voucherBytes === null && canSign(purchase))
    rollOver(turn, purchase, purchase.releasedNano, true);
};

export const sendTick = (turn: Turn, purchase: Purchase): void => {
  const chain = purchase.chain;
  if (chain !== null && chain.index > 0) {
    stream(turn, encodeTick(chain.seq, chain.index, linkAt(chain.links, chain.index)));
  }
};

/** Releases ticks up to `targetNano`, as far as the chain goes. */
const releaseTicks = (turn: Turn, purchase: Purchase, targetNano: number): void => {
  const chain = purchase.chain;
  if (chain === null) return;
  const wanted = Math.floor((targetNano - chain.cumulativeNano) / chain.tickNano);
  const index = Math.min(wanted, purchase.terms.ticks);
  const totalNano = chain.cumulativeNano + index * chain.tickNano;
  if (index <= chain.index || totalNano <= purchase.releasedNano) return;
  chain.index = index;
  purchase.releasedNano = totalNano;
  purchase.journalledNano = purchase.releasedNano;
  journalPurchase(turn, purchase, KIND.purchasePaid, [chain.seq, index]);
  sendTick(turn, purchase);
};

/** Pays for every reading held; money is released only for readings the disk holds, but for the lag. */
export const payDue = (turn: Turn, purchase: Purchase): void => {
  if (!purchase.synced || purchase.statementBytes !== null) return;
  if (purchase.highest - purchase.durable.readings > LAG_READINGS_MAX) return;
  if (purchase.dueNano <= purchase.releasedNano) return;
  releaseTicks(turn, purchase, purchase.dueNano);
  const restNano = purchase.dueNano - purchase.releasedNano;
  const chain = purchase.chain;
  const spent = chain === null || chain.index === purchase.terms.ticks || restNano < chain.tickNano;
  if (restNano > 0 && spent && canSign(purchase)) rollOver(turn, purchase, purchase.dueNano, true);
};

/** A last voucher without a chain: the total, and the head of all readings, under a signature. */
export const signLast = (turn: Turn, purchase: Purchase): boolean => {
  if (isLastOfAll(purchase)) return true;
  if (!canSign(purchase)) return false;
  rollOver(turn, purchase, purchase.releasedNano, false);
  return true;
};

/** What verified evidence under our own key makes of the state: totals rise, a newer voucher is gone on from. */
export const applyRaise = (purchase: Purchase, voucherBytes: Uint8Array, seen: Stated): void => {
  purchase.releasedNano = Math.max(purchase.releasedNano, seen.totalNano);
  purchase.journalledNano = purchase.releasedNano;
  const chain = purchase.chain;
  // A seq may have been signed twice, before and after an older journal was put back: the bytes decide.
  if (purchase.voucherBytes !== null && equalBytes(voucherBytes, purchase.voucherBytes)) {
    if (chain !== null && seen.tick !== null) chain.index = Math.max(chain.index, seen.tick.index);
  } else if (seen.voucher.seq >= purchase.voucherSeq) {
    purchase.voucherSeq = seen.voucher.seq;
    purchase.voucherBytes = voucherBytes;
    purchase.chain = null;
  }
  if (purchase.next !== null && purchase.next.seq <= purchase.voucherSeq) purchase.next = null;
};

/**
 * The seller's best evidence: it counts only where it verifies under our own key, and only upward. Where it
 * shows a voucher that we do not remember signing, the next one goes on from there.
 */
export const raiseTo = (
  turn: Turn,
  purchase: Purchase,
  voucher: Uint8Array | null,
  tick: Uint8Array | null,
): void => {
  if (voucher === null || purchase.channel === null) return;
  const evidence = { voucher: voucher, tick: tick };
  const stated = parseEvidence(evidence);
  if (!stated.ok) return;
  const seen = stated.value;
  const isOld =
    seen.voucher.seq < purchase.voucherSeq ||
    (purchase.chain !== null && seen.voucher.seq === purchase.chain.seq) ||
    (purchase.voucherBytes !== null && equalBytes(voucher, purchase.voucherBytes));
  if (isOld && seen.totalNano <= purchase.releasedNano) return;
  const crypto = turn.ports.crypto;
  const own = verifyEvidence(
    null,
    evidence,
    purchase.channel.id,
    purchase.terms.buyer,
    purchase.limitNano,
    crypto,
  );
  if (!own.ok) {
    notice(turn, own.code, 'the seller showed evidence that is not ours: ' + own.detail);
    return;
  }
  applyRaise(purchase, voucher, seen);
  journalPurchase(turn, purchase, KIND.purchaseRaised, [voucher, tick]);
};
