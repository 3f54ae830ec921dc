/** Receiving: readings count in one unbroken row; a gap is asked for again, a repetition answered by the tick. */

import { priceNanoOf } from '../../../schemas/price.ts';
import { nextHead } from '../../../schemas/reading-chain.ts';
import { decodeReading, readingTimeMs } from '../../../schemas/senml.ts';
import { encodeControl } from '../../../schemas/stream.ts';
import { REPEAT_MS } from '../effects.ts';
import { notice, prompt, stream, type Turn } from '../turn.ts';
import { stopPurchase } from './closing.ts';
import { sendTick } from './payment.ts';
import type { Purchase } from './state.ts';

/** A row that is broken is asked for at most this often. */
const NAK_EVERY_MS = 100;

/** The next reading of the row becomes part of the state. */
export const appendBought = (turn: Turn, purchase: Purchase, bytes: Uint8Array): void => {
  purchase.highest++;
  purchase.head = nextHead(turn.ports.crypto.sha256, purchase.head, purchase.highest, bytes);
  purchase.dueNano += priceNanoOf(purchase.terms.price, purchase.highest);
};

export const onReading = (turn: Turn, purchase: Purchase, seq: number, bytes: Uint8Array): void => {
  if (purchase.phase !== 'buying' || purchase.statementBytes !== null) return;
  purchase.heardMs = turn.nowMs;
  purchase.repeatMs = REPEAT_MS;
  if (seq > purchase.highest + 1) {
    purchase.gaps++;
    if (turn.nowMs < purchase.nakDueMs) return;
    purchase.nakDueMs = turn.nowMs + NAK_EVERY_MS;
    stream(turn, encodeControl({ kind: 'nak', parts: [purchase.highest + 1] }));
    return;
  }
  if (seq <= purchase.highest) {
    purchase.repeated++;
    if (turn.nowMs < purchase.nakDueMs) return;
    purchase.nakDueMs = turn.nowMs + NAK_EVERY_MS;
    sendTick(turn, purchase);
    return;
  }
  const reading = decodeReading(bytes);
  if (!reading.ok) {
    notice(turn, reading.code, 'reading ' + seq + ' of the seller: ' + reading.detail);
    return;
  }
  if (seq > purchase.terms.readingsMax) return;
  if (purchase.dueNano + priceNanoOf(purchase.terms.price, seq) > purchase.limitNano) {
    stopPurchase(turn, purchase, 'budget');
    return;
  }
  appendBought(turn, purchase, bytes);
  purchase.unjournalled.push(bytes);
  const atMs = readingTimeMs(purchase.terms, reading.value);
  turn.effects.push({ kind: 'bought', seq: seq, value: reading.value.value, atMs: atMs });
  prompt(turn, purchase.dueNano - purchase.releasedNano, purchase.terms.windowNano);
};
