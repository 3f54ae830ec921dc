/** Sale: one step of the seller's side of a lease. The rules are in the files beside this one. */

import { equalBytes } from '../../../schemas/bytes.ts';
import { refuse } from '../../../schemas/result.ts';
import {
  decodeStream,
  encodeControl,
  RESYNC_NONCE_BYTES,
  type StreamMessage,
} from '../../../schemas/stream.ts';
import type { Lease } from '../../../schemas/terms.ts';
import { type Effect, type Event, type Mark, type Ports, REPEAT_MS_MAX, type Step } from '../effects.ts';
import { repeatDue, repeatNow } from '../outbox.ts';
import { KIND } from '../record.ts';
import { stream, type Turn } from '../turn.ts';
import { deliver, letGoOfPaid, rewindTo, takeReading } from './delivery.ts';
import { journalTick, onGrant, onPlace, onTick, onVoucher, placeOf, refuseOnStream } from './payment.ts';
import { onReply, onStatement, sendAgreed, settleWhenDue, stopSale } from './settlement.ts';
import {
  journalReadings,
  journalSale,
  leaseParts,
  newSaleState,
  REFUSALS_PER_TIMER,
  type Sale,
  type SaleOptions,
} from './state.ts';

/** A lease without money takes a place that another buyer could have. */
const GRANT_WAIT_MS = 60000;

/** A lease that both have signed begins as a sale. */
export const newSale = (ports: Ports, lease: Lease, options: SaleOptions, nowMs: number): Step<Sale> => {
  const sale = newSaleState(lease, options);
  sale.heardMs = nowMs;
  const turn: Turn = { ports: ports, nowMs: nowMs, effects: [] };
  journalSale(turn, sale, KIND.saleLease, leaseParts(sale));
  return { state: sale, effects: turn.effects };
};

const askPlace = (turn: Turn, sale: Sale): void =>
  stream(turn, encodeControl({ kind: 'resync', parts: placeOf(sale, sale.nonce) }));

/** A buyer that lost more than is kept here cannot go on: the lease ends, once it has said so to our question. */
const onGap = (turn: Turn, sale: Sale, isAnswer: boolean): void => {
  if (!isAnswer) {
    askPlace(turn, sale);
    return;
  }
  refuseOnStream(
    turn,
    sale,
    refuse('reading-gap', 'readings up to ' + sale.backlog.base + ' are not kept here any more'),
  );
  stopSale(turn, sale, 'reading-gap');
};

const onControl = (turn: Turn, sale: Sale, message: StreamMessage): void => {
  if (message.kind === 'nak') {
    if (!rewindTo(sale, message.parts[0] - 1)) onGap(turn, sale, false);
  } else if (message.kind === 'grant') onGrant(turn, sale, message);
  else if (message.kind === 'statement') onStatement(turn, sale, message.parts[0]);
  else if (message.kind === 'resync') {
    const goesOn = onPlace(turn, sale, message.parts, false);
    stream(turn, encodeControl({ kind: 'resynced', parts: placeOf(sale, message.parts[0]) }));
    sendAgreed(turn, sale);
    if (sale.restored) askPlace(turn, sale);
    else if (!goesOn) onGap(turn, sale, false);
  } else if (message.kind === 'resynced' && equalBytes(message.parts[0], sale.nonce)) {
    if (!onPlace(turn, sale, message.parts, true)) onGap(turn, sale, true);
  }
};

const onMessage = (turn: Turn, sale: Sale, bytes: Uint8Array): void => {
  sale.heardMs = turn.nowMs;
  const message = decodeStream(bytes);
  if (!message.ok) refuseOnStream(turn, sale, message);
  else if (message.value.kind === 'tick') onTick(turn, sale, message.value.tick);
  else if (message.value.kind === 'voucher') onVoucher(turn, sale, message.value.bytes);
  else onControl(turn, sale, message.value);
};

const onConnected = (turn: Turn, sale: Sale): void => {
  sale.nonce = turn.ports.crypto.random(RESYNC_NONCE_BYTES);
  sale.heardMs = turn.nowMs;
  askPlace(turn, sale);
  repeatNow(turn, sale.outbox);
};

/** A buyer that owes, or has an answer to give, and is silent is asked again, less and less often. */
const repeatUnpaid = (turn: Turn, sale: Sale): void => {
  if ((sale.sentNano <= sale.verifiedNano && !sale.restored) || turn.nowMs - sale.heardMs < sale.repeatMs)
    return;
  sale.heardMs = turn.nowMs;
  sale.repeatMs = Math.min(sale.repeatMs * 2, REPEAT_MS_MAX);
  onConnected(turn, sale);
};

const onTimer = (turn: Turn, sale: Sale): void => {
  sale.refusalsLeft = REFUSALS_PER_TIMER;
  repeatDue(turn, sale.outbox);
  if (sale.phase === 'selling' || sale.phase === 'disputed') repeatUnpaid(turn, sale);
  if (sale.leasedMs === 0) sale.leasedMs = turn.nowMs;
  if (sale.phase === 'leased' && turn.nowMs - sale.leasedMs >= GRANT_WAIT_MS)
    stopSale(turn, sale, 'no grant came');
  settleWhenDue(turn, sale);
};

const onDurable = (turn: Turn, sale: Sale, mark: Mark): void => {
  const before = sale.durable.agreed;
  sale.durable = mark;
  if (mark.agreed && !before) sendAgreed(turn, sale);
};

export const stepSale = (ports: Ports, sale: Sale, event: Event, nowMs: number): Step<Sale> => {
  const effects: Effect[] = [];
  const turn: Turn = { ports: ports, nowMs: nowMs, effects: effects };
  if (event.kind === 'message') onMessage(turn, sale, event.bytes);
  else if (event.kind === 'reading') takeReading(turn, sale, event.value, event.atMs);
  else if (event.kind === 'durable') onDurable(turn, sale, event.mark);
  else if (event.kind === 'connected') onConnected(turn, sale);
  else if (event.kind === 'reply') onReply(turn, sale, event.request);
  else if (event.kind === 'stop') stopSale(turn, sale, event.reason);
  else if (event.kind === 'timer') onTimer(turn, sale);
  else {
    journalReadings(turn, sale);
    journalTick(turn, sale);
    letGoOfPaid(sale);
    deliver(turn, sale);
  }
  return { state: sale, effects: effects };
};
