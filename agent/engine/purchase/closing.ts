/** Closing: all that is held is paid, a last voucher signed, and the statement repeated until it is agreed. */

import { readingsPaidFloor } from '../../../schemas/price.ts';
import { openReceipt } from '../../../schemas/receipt.ts';
import { openAgreed, signStatement } from '../../../schemas/statement.ts';
import { encodeControl } from '../../../schemas/stream.ts';
import { EXPIRY_MARGIN_S, REPEAT_MS_MAX } from '../effects.ts';
import { ask, isAsking, newRequestId } from '../outbox.ts';
import { KIND } from '../record.ts';
import { notice, stream, type Turn } from '../turn.ts';
import { introduce } from './opening.ts';
import { payDue, signLast } from './payment.ts';
import { journalPurchase, type Purchase } from './state.ts';

/** After expiry and this long without an answer, the purchase ends without the seller's signature. */
const AGREEMENT_WAIT_S = 3600;
/** The seller's signature is the better end; after this long without it, a final receipt will do. */
const RECEIPT_AFTER_MS = 15000;
/** A seller that disagrees, however often, is answered at most this often. */
const RESTATE_EVERY_MS = 100;

export const end = (turn: Turn, purchase: Purchase, reason: string): void => {
  purchase.phase = 'ended';
  purchase.reason = reason;
  journalPurchase(turn, purchase, KIND.purchaseEnded, [reason]);
  turn.effects.push({ kind: 'ended', reason: reason });
};

const state = (turn: Turn, purchase: Purchase): void => {
  const paid = readingsPaidFloor(purchase.terms.price, purchase.releasedNano);
  const statement = {
    channel: purchase.channel!.id,
    delivered: purchase.highest,
    paid: Math.min(paid, purchase.highest),
    totalNano: purchase.releasedNano,
    head: purchase.head,
    reason: purchase.reason,
  };
  purchase.statementBytes = signStatement(purchase.lease!.id, statement, turn.ports.signer);
  purchase.statedNano = purchase.releasedNano;
  purchase.statedMs = turn.nowMs;
  journalPurchase(turn, purchase, KIND.purchaseStatement, [purchase.statementBytes]);
};

export const sendStatement = (turn: Turn, purchase: Purchase): void => {
  if (purchase.statementBytes === null) return;
  stream(turn, encodeControl({ kind: 'statement', parts: [purchase.statementBytes] }));
};

/** Before there is a channel nothing is owed, and an unfinished purchase simply ends. */
export const stopPurchase = (turn: Turn, purchase: Purchase, reason: string): void => {
  if (purchase.phase === 'ended' || purchase.phase === 'closing') return;
  if (purchase.phase === 'buying') {
    purchase.phase = 'closing';
    purchase.reason = reason;
  } else end(turn, purchase, reason);
};

/** Pays the rest, then states. Waits for the disk, or for the seller's resync, where it must. */
export const close = (turn: Turn, purchase: Purchase): void => {
  if (purchase.statementBytes !== null || !purchase.synced) return;
  payDue(turn, purchase);
  if (purchase.releasedNano < purchase.dueNano) return;
  if (purchase.releasedNano > 0 && !signLast(turn, purchase)) return;
  state(turn, purchase);
  sendStatement(turn, purchase);
};

/** The row is complete, or time is up. */
export const closeWhenDue = (turn: Turn, purchase: Purchase): void => {
  if (purchase.phase !== 'buying') return;
  if (purchase.highest >= purchase.terms.readingsMax) stopPurchase(turn, purchase, 'readings');
  else if (turn.nowMs >= (purchase.expiryS - EXPIRY_MARGIN_S) * 1000) stopPurchase(turn, purchase, 'expiry');
};

/**
 * The seller holds something else than was stated. Where its evidence has raised our total, a new statement
 * says so; otherwise it hears ours again, with all that it needs to agree.
 */
export const restate = (turn: Turn, purchase: Purchase): void => {
  if (purchase.phase !== 'closing' || purchase.statementBytes === null) return;
  if (turn.nowMs < purchase.nakDueMs) return;
  purchase.nakDueMs = turn.nowMs + RESTATE_EVERY_MS;
  introduce(turn, purchase);
  if (purchase.releasedNano > purchase.statedNano) {
    purchase.statementBytes = null;
    close(turn, purchase);
  } else sendStatement(turn, purchase);
};

/**
 * The settler has closed the channel: of a purchase that never heard of its grant, or of one whose seller has
 * settled and gone. A final receipt is as good an end as the seller's signature.
 */
export const onClosed = (turn: Turn, purchase: Purchase, receiptBytes: Uint8Array): void => {
  if (purchase.phase === 'buying' || purchase.channel === null) return;
  const settler = purchase.terms.settler;
  const receipt = openReceipt(receiptBytes, purchase.channel.id, settler, turn.ports.crypto.verify);
  if (!receipt.ok) notice(turn, receipt.code, receipt.detail);
  else if (receipt.value.final) end(turn, purchase, purchase.reason === '' ? 'closed' : purchase.reason);
};

/** Both signatures: ours says that we stated it, even where our disk has forgotten. */
export const onAgreed = (turn: Turn, purchase: Purchase, agreed: Uint8Array): void => {
  const terms = purchase.terms;
  if (purchase.lease === null) return;
  const statement = openAgreed(
    agreed,
    purchase.lease.id,
    terms.buyer,
    terms.seller,
    turn.ports.crypto.verify,
  );
  if (!statement.ok) {
    notice(turn, statement.code, statement.detail);
    return;
  }
  purchase.agreedBytes = agreed;
  purchase.releasedNano = Math.max(purchase.releasedNano, statement.value.totalNano);
  turn.effects.push({ kind: 'agreed', lease: purchase.lease.id, statement: statement.value, bytes: agreed });
  end(turn, purchase, statement.value.reason);
};

/** Called four times a second while nothing is heard: the line is spoken to again, less and less often. */
export const repeatWhenQuiet = (turn: Turn, purchase: Purchase): void => {
  if (turn.nowMs - purchase.heardMs < purchase.repeatMs) return;
  purchase.repeatMs = Math.min(purchase.repeatMs * 2, REPEAT_MS_MAX);
  introduce(turn, purchase);
  sendStatement(turn, purchase);
  if (purchase.statedMs === 0) purchase.statedMs = turn.nowMs;
  const waitedMs = purchase.statementBytes === null ? 0 : turn.nowMs - purchase.statedMs;
  if (waitedMs >= RECEIPT_AFTER_MS && !isAsking(purchase.outbox, 'query')) {
    ask(turn, purchase.outbox, 'settler', {
      kind: 'query',
      id: newRequestId(turn),
      parts: [purchase.channel!.id],
    });
  }
  if (purchase.phase === 'closing' && turn.nowMs >= (purchase.expiryS + AGREEMENT_WAIT_S) * 1000) {
    end(turn, purchase, 'the seller never agreed');
  }
};
