/** Settlement: durable evidence is claimed, the statement agreed and filed, the channel closed. */

import { equalBytes } from '../../../schemas/bytes.ts';
import { signClose } from '../../../schemas/close.ts';
import { readingsPaidFloor } from '../../../schemas/price.ts';
import { openReceipt } from '../../../schemas/receipt.ts';
import type { Request } from '../../../schemas/request.ts';
import { codeOf, refuse } from '../../../schemas/result.ts';
import { agreeStatement, openStatement, type Statement } from '../../../schemas/statement.ts';
import { encodeControl } from '../../../schemas/stream.ts';
import { headAt, newestOf } from '../backlog.ts';
import { EXPIRY_MARGIN_S, REPEAT_MS, REPEAT_MS_MAX } from '../effects.ts';
import { ask, isAsking, newRequestId, putsOff, takeAnswer } from '../outbox.ts';
import { KIND } from '../record.ts';
import { notice, stream, type Turn } from '../turn.ts';
import { refuseOnStream } from './payment.ts';
import { journalSale, type Sale } from './state.ts';

/** How long a buyer may take to state before the seller claims and closes alone. */
const STATEMENT_WAIT_MS = 30000;

const end = (turn: Turn, sale: Sale, reason: string): void => {
  sale.phase = 'ended';
  sale.reason = reason;
  journalSale(turn, sale, KIND.saleEnded, [reason]);
  turn.effects.push({ kind: 'ended', reason: reason });
};

/** Asks the settler for what the disk already holds the evidence of. */
const claim = (turn: Turn, sale: Sale): void => {
  const evidence = sale.durable.evidence;
  if (sale.channel === null || evidence === null) return;
  sale.claimDueMs = turn.nowMs + sale.options.claimEveryMs;
  ask(turn, sale.outbox, 'settler', {
    kind: 'claim',
    id: newRequestId(turn),
    parts: [sale.channel.id, evidence.voucher, evidence.tick],
  });
};

/** In order: claim all, file the statement, close. Each step waits for the answer to the one before. */
const settle = (turn: Turn, sale: Sale): void => {
  const channel = sale.channel;
  if (channel === null) {
    end(turn, sale, sale.reason);
    return;
  }
  if (turn.nowMs < sale.settleDueMs || isAsking(sale.outbox, 'query')) return;
  if (isAsking(sale.outbox, 'claim') || isAsking(sale.outbox, 'statement') || isAsking(sale.outbox, 'close'))
    return;
  if (sale.verifiedNano > sale.claimedNano) {
    if (sale.durable.totalNano > sale.claimedNano) claim(turn, sale);
  } else if (sale.agreedBytes !== null && !sale.filed) {
    ask(turn, sale.outbox, 'settler', {
      kind: 'statement',
      id: newRequestId(turn),
      parts: [sale.lease.id, sale.agreedBytes],
    });
  } else {
    const close = signClose(channel.id, sale.claimedNano, turn.ports.signer);
    ask(turn, sale.outbox, 'settler', {
      kind: 'close',
      id: newRequestId(turn),
      parts: [channel.id, close, null],
    });
  }
};

/** Called four times a second. */
export const settleWhenDue = (turn: Turn, sale: Sale): void => {
  if (sale.phase === 'ended') return;
  const marginMs = EXPIRY_MARGIN_S * 1000;
  const expiryMs = sale.expiryS * 1000;
  if (sale.phase !== 'closing' && turn.nowMs >= expiryMs - marginMs / 2) {
    sale.phase = 'closing';
    sale.reason = sale.reason === '' ? 'expiry' : sale.reason;
  }
  if (sale.phase === 'disputed' && sale.endingSinceMs === 0) sale.endingSinceMs = turn.nowMs;
  if (sale.endingSinceMs > 0 && turn.nowMs - sale.endingSinceMs >= STATEMENT_WAIT_MS) sale.phase = 'closing';
  if (sale.phase === 'closing') settle(turn, sale);
  else if (
    sale.durable.totalNano > sale.claimedNano &&
    !isAsking(sale.outbox, 'claim') &&
    (turn.nowMs >= sale.claimDueMs || turn.nowMs >= expiryMs - marginMs)
  ) {
    claim(turn, sale);
  }
};

/** The owner stops selling, or delivery cannot go on: the buyer is asked to state. */
export const stopSale = (turn: Turn, sale: Sale, reason: string): void => {
  if (sale.phase === 'closing' || sale.phase === 'ended') return;
  if (sale.reason === '') sale.reason = reason;
  // A buyer whose grant is on its way would wait for readings until it expires.
  stream(turn, encodeControl({ kind: 'end', parts: [sale.reason] }));
  if (sale.phase === 'leased') end(turn, sale, reason);
  else if (sale.endingSinceMs === 0) sale.endingSinceMs = turn.nowMs;
};

/** A statement is agreed to iff it says what this side can show. */
const agreeable = (sale: Sale, statement: Statement): boolean => {
  if (sale.channel === null || !equalBytes(statement.channel, sale.channel.id)) return false;
  if (statement.totalNano !== sale.verifiedNano || statement.delivered > newestOf(sale.backlog)) return false;
  const head = headAt(sale.backlog, statement.delivered);
  if (head !== null && !equalBytes(head, statement.head)) return false;
  const paid = readingsPaidFloor(sale.lease.terms.price, statement.totalNano);
  return statement.paid === Math.min(paid, statement.delivered);
};

/** Our signature leaves when the disk holds it: the buyer forgets the lease once it has both. */
export const sendAgreed = (turn: Turn, sale: Sale): void => {
  if (sale.agreedBytes === null || !sale.durable.agreed) return;
  stream(turn, encodeControl({ kind: 'agreed', parts: [sale.agreedBytes] }));
};

export const onStatement = (turn: Turn, sale: Sale, stated: Uint8Array): void => {
  if (sale.agreedBytes !== null) {
    sendAgreed(turn, sale);
    return;
  }
  const terms = sale.lease.terms;
  const statement = openStatement(stated, sale.lease.id, terms.buyer, turn.ports.crypto.verify);
  if (!statement.ok) {
    refuseOnStream(turn, sale, statement);
    return;
  }
  if (!agreeable(sale, statement.value)) {
    refuseOnStream(
      turn,
      sale,
      refuse('statement-differs', 'held here: ' + sale.verifiedNano + ' nano, ' + sale.sent + ' readings'),
    );
    return;
  }
  installAgreed(sale, agreeStatement(sale.lease.id, stated, turn.ports.signer), statement.value);
  journalSale(turn, sale, KIND.saleAgreed, [sale.agreedBytes!]);
  turn.effects.push({
    kind: 'agreed',
    lease: sale.lease.id,
    statement: statement.value,
    bytes: sale.agreedBytes!,
  });
  settle(turn, sale);
};

export const installAgreed = (sale: Sale, agreed: Uint8Array, statement: Statement): void => {
  sale.agreedBytes = agreed;
  sale.agreedNano = statement.totalNano;
  sale.delivered = statement.delivered;
  sale.reason = statement.reason;
  sale.phase = 'closing';
};

const onReceipt = (turn: Turn, sale: Sale, receiptBytes: Uint8Array, asked: string): void => {
  if (sale.channel === null) return;
  const receipt = openReceipt(
    receiptBytes,
    sale.channel.id,
    sale.lease.terms.settler,
    turn.ports.crypto.verify,
  );
  if (!receipt.ok) {
    notice(turn, receipt.code, receipt.detail);
    return;
  }
  if (asked === 'statement') sale.filed = true;
  const isLast = receipt.value.final && receipt.value.paidNano === sale.claimedNano;
  if (receipt.value.paidNano > sale.claimedNano || isLast) {
    sale.claimedNano = receipt.value.paidNano;
    sale.receiptBytes = receiptBytes;
    sale.settleWaitMs = REPEAT_MS;
    journalSale(turn, sale, KIND.saleReceipt, [receiptBytes]);
  }
  if (receipt.value.paidNano < sale.claimedNano) {
    const booked = receipt.value.paidNano + ' nano are booked, by an earlier receipt ' + sale.claimedNano;
    notice(turn, 'journal-stale', 'settler, on ' + asked + ': ' + booked);
  }
  if (receipt.value.final) end(turn, sale, sale.reason);
  else if (sale.phase === 'closing') settle(turn, sale);
};

/** The settler's answer to a request of this sale; one that was not asked for is ignored. */
export const onReply = (turn: Turn, sale: Sale, reply: Request): void => {
  if (putsOff(turn, sale.outbox, reply)) return;
  const asked = takeAnswer(sale.outbox, reply);
  if (asked === null) return;
  if (reply.kind === 'receipt') onReceipt(turn, sale, reply.parts[0], asked.kind);
  else if (reply.kind === 'refusal') {
    const code = codeOf(reply.parts[0]);
    notice(
      turn,
      code === undefined ? 'object-malformed' : code,
      'settler, on ' + asked.kind + ': ' + reply.parts[1],
    );
    if (asked.kind === 'statement') sale.filed = true;
    sale.settleDueMs = turn.nowMs + sale.settleWaitMs;
    sale.settleWaitMs = Math.min(sale.settleWaitMs * 2, REPEAT_MS_MAX);
    // Somebody has claimed more, or closed: the settler's receipt says what there is.
    if (code === 'channel-closed' || (code === 'statement-differs' && asked.kind === 'close')) {
      ask(turn, sale.outbox, 'settler', { kind: 'query', id: newRequestId(turn), parts: [sale.channel!.id] });
    }
  }
};
