/** Purchase: one step of the buyer's side of a lease. The rules are in the files beside this one. */

import { equalBytes } from '../../../schemas/bytes.ts';
import type { Request } from '../../../schemas/request.ts';
import { codeOf } from '../../../schemas/result.ts';
import { type Control, decodeStream, encodeControl } from '../../../schemas/stream.ts';
import { signOffer, type Terms } from '../../../schemas/terms.ts';
import { type Effect, type Event, type Ports, REPEAT_MS, type Step } from '../effects.ts';
import { isAsking, putsOff, repeatDue, repeatNow, takeAnswer } from '../outbox.ts';
import { KIND } from '../record.ts';
import { notice, stream, type Turn } from '../turn.ts';
import {
  close,
  closeWhenDue,
  end,
  onAgreed,
  onClosed,
  repeatWhenQuiet,
  restate,
  sendStatement,
  stopPurchase,
} from './closing.ts';
import { askGrant, introduce, onGrant, onLease, sendOffer } from './opening.ts';
import { draftNext, openFirstChain, payDue, prepareChain, raiseTo } from './payment.ts';
import { onReading } from './receiving.ts';
import { journalPurchase, journalReadings, newPurchaseState, type Purchase } from './state.ts';

/** Signs the offer and sends it. The nonce of the terms is the handle. */
export const newPurchase = (ports: Ports, terms: Terms, nowMs: number): Step<Purchase> => {
  const turn: Turn = { ports: ports, nowMs: nowMs, effects: [] };
  const purchase = newPurchaseState(terms.nonce, terms, signOffer(terms, ports.signer));
  purchase.heardMs = nowMs;
  journalPurchase(turn, purchase, KIND.purchaseOffer, [purchase.offerBytes]);
  prepareChain(turn, purchase);
  sendOffer(turn, purchase);
  return { state: purchase, effects: turn.effects };
};

/** The seller says how far it is; on our own nonce, signing is allowed again. */
const onResynced = (turn: Turn, purchase: Purchase, message: Control): void => {
  if (message.kind !== 'resynced' || !equalBytes(message.parts[0], purchase.nonce)) return;
  purchase.heardMs = turn.nowMs;
  raiseTo(turn, purchase, message.parts[1], message.parts[2]);
  purchase.synced = true;
};

const onControl = (turn: Turn, purchase: Purchase, message: Control): void => {
  if (message.kind === 'resynced') onResynced(turn, purchase, message);
  else if (message.kind === 'resync' && purchase.lease !== null) {
    raiseTo(turn, purchase, message.parts[1], message.parts[2]);
    const place = [message.parts[0], null, null, purchase.highest, purchase.head] as const;
    introduce(turn, purchase);
    stream(turn, encodeControl({ kind: 'resynced', parts: place }));
    sendStatement(turn, purchase);
  } else if (message.kind === 'refusal') {
    const code = codeOf(message.parts[0]);
    notice(turn, code === undefined ? 'object-malformed' : code, 'seller: ' + message.parts[1]);
    raiseTo(turn, purchase, message.parts[2], message.parts[3]);
    if (code === 'statement-differs') restate(turn, purchase);
  } else if (message.kind === 'agreed') onAgreed(turn, purchase, message.parts[0]);
  else if (message.kind === 'end') stopPurchase(turn, purchase, message.parts[0]);
};

const onMessage = (turn: Turn, purchase: Purchase, bytes: Uint8Array): void => {
  const message = decodeStream(bytes);
  if (!message.ok)
    notice(turn, message.code, 'the seller sent ' + bytes.length + ' bytes: ' + message.detail);
  else if (message.value.kind === 'reading') onReading(turn, purchase, message.value.seq, bytes);
  else if (message.value.kind !== 'tick' && message.value.kind !== 'voucher')
    onControl(turn, purchase, message.value);
};

const onReply = (turn: Turn, purchase: Purchase, reply: Request): void => {
  if (putsOff(turn, purchase.outbox, reply)) return;
  const asked = takeAnswer(purchase.outbox, reply);
  if (asked === null) return;
  if (reply.kind === 'lease') onLease(turn, purchase, reply.parts[0]);
  else if (reply.kind === 'grant') onGrant(turn, purchase, reply.parts[0]);
  else if (reply.kind === 'receipt') onClosed(turn, purchase, reply.parts[0]);
  else if (reply.kind === 'refusal') {
    const code = codeOf(reply.parts[0]);
    notice(turn, code === undefined ? 'object-malformed' : code, asked.kind + ': ' + reply.parts[1]);
    if (asked.kind === 'query') return;
    end(turn, purchase, 'refused: ' + (code === undefined ? String(reply.parts[0]) : code));
  }
};

/** A purchase on its way always has a question open: the answer to the last one may have been worth nothing. */
const askOn = (turn: Turn, purchase: Purchase): void => {
  if (purchase.phase === 'offering' && !isAsking(purchase.outbox, 'offer')) sendOffer(turn, purchase);
  else if (purchase.phase === 'opening' && !isAsking(purchase.outbox, 'open')) askGrant(turn, purchase);
};

const onConnected = (turn: Turn, purchase: Purchase): void => {
  purchase.repeatMs = REPEAT_MS;
  repeatNow(turn, purchase.outbox);
  askOn(turn, purchase);
  introduce(turn, purchase);
  sendStatement(turn, purchase);
};

const onTimer = (turn: Turn, purchase: Purchase): void => {
  repeatDue(turn, purchase.outbox);
  askOn(turn, purchase);
  if (purchase.phase === 'buying' || purchase.phase === 'closing') repeatWhenQuiet(turn, purchase);
  closeWhenDue(turn, purchase);
};

/** Of the next chain: done long before it is due, since a chain of 1,024 pays for a hundred flushes or more. */
const LINKS_PER_FLUSH = 64;

/** What came in together is paid together. */
const onFlush = (turn: Turn, purchase: Purchase): void => {
  journalReadings(turn, purchase);
  prepareChain(turn, purchase);
  if (purchase.phase === 'buying') {
    openFirstChain(turn, purchase);
    payDue(turn, purchase);
    draftNext(turn, purchase, LINKS_PER_FLUSH);
    closeWhenDue(turn, purchase);
  }
  if (purchase.phase === 'closing') close(turn, purchase);
};

export const stepPurchase = (
  ports: Ports,
  purchase: Purchase,
  event: Event,
  nowMs: number,
): Step<Purchase> => {
  const effects: Effect[] = [];
  const turn: Turn = { ports: ports, nowMs: nowMs, effects: effects };
  if (purchase.phase === 'ended') return { state: purchase, effects: effects };
  if (event.kind === 'message') onMessage(turn, purchase, event.bytes);
  else if (event.kind === 'durable') purchase.durable = event.mark;
  else if (event.kind === 'connected') onConnected(turn, purchase);
  else if (event.kind === 'reply') onReply(turn, purchase, event.request);
  else if (event.kind === 'stop') stopPurchase(turn, purchase, event.reason);
  else if (event.kind === 'timer') onTimer(turn, purchase);
  else if (event.kind === 'flush') onFlush(turn, purchase);
  return { state: purchase, effects: effects };
};
