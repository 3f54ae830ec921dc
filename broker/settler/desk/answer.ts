/** Answers: what a request led to, signed and encoded only after the commit. */

import { signReceipt } from '../../../schemas/receipt.ts';
import { DETAIL_BYTES_MAX, encodeRequest } from '../../../schemas/request.ts';
import { CODES, type Result } from '../../../schemas/result.ts';
import type { ChannelRow } from '../store/store.ts';
import type { Desk } from './desk.ts';

export type Answer =
  | { readonly kind: 'grant'; readonly grant: Uint8Array }
  | { readonly kind: 'receipt'; readonly channel: ChannelRow };

const receiptOf = (channel: ChannelRow, timeMs: number, desk: Desk): Uint8Array =>
  signReceipt(
    channel.id,
    {
      issuedS: Math.floor(timeMs / 1000),
      paidNano: channel.paidNano,
      limitNano: channel.limitNano,
      final: channel.closed,
      journalIndex: channel.bookedIndex,
    },
    desk.signer,
  );

/** The reply to the request with that id. */
export const encodeAnswer = (
  id: Uint8Array,
  answer: Result<Answer>,
  timeMs: number,
  desk: Desk,
): Uint8Array => {
  if (!answer.ok) {
    const detail = answer.detail.slice(0, DETAIL_BYTES_MAX);
    return encodeRequest({ kind: 'refusal', id, parts: [CODES[answer.code], detail] });
  }
  if (answer.value.kind === 'grant') return encodeRequest({ kind: 'grant', id, parts: [answer.value.grant] });
  return encodeRequest({ kind: 'receipt', id, parts: [receiptOf(answer.value.channel, timeMs, desk)] });
};
