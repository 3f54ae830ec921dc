/** Answers: what a request led to, signed and encoded only after the commit. */

import { signNoted } from '../../../schemas/noted.ts';
import { signReceipt } from '../../../schemas/receipt.ts';
import { DETAIL_BYTES_MAX, encodeRequest } from '../../../schemas/request.ts';
import { CODES, type Result } from '../../../schemas/result.ts';
import { type Spending, signSpending } from '../../../schemas/spending.ts';
import type { ChannelRow } from '../store/tables.ts';
import type { Desk } from './desk.ts';

export type Answer =
  | { readonly kind: 'grant'; readonly grant: Uint8Array }
  | { readonly kind: 'receipt'; readonly channel: ChannelRow }
  | {
      readonly kind: 'spending';
      readonly device: Uint8Array;
      readonly spending: Omit<Spending, 'issuedS'>;
    }
  | { readonly kind: 'noted'; readonly object: Uint8Array; readonly journalIndex: number };

const receiptOf = (channel: ChannelRow, issuedS: number, desk: Desk): Uint8Array =>
  signReceipt(
    channel.id,
    {
      issuedS,
      paidNano: channel.paidNano,
      limitNano: channel.limitNano,
      final: channel.closed,
      journalIndex: channel.bookedIndex,
    },
    desk.signer,
  );

const encode = (id: Uint8Array, answer: Answer, issuedS: number, desk: Desk): Uint8Array => {
  switch (answer.kind) {
    case 'grant':
      return encodeRequest({ kind: 'grant', id, parts: [answer.grant] });
    case 'receipt':
      return encodeRequest({ kind: 'receipt', id, parts: [receiptOf(answer.channel, issuedS, desk)] });
    case 'spending': {
      const { device, spending } = answer;
      const signed = signSpending(device, { ...spending, issuedS }, desk.signer);
      return encodeRequest({ kind: 'spending', id, parts: [signed] });
    }
    case 'noted': {
      const hash = desk.crypto.sha256(answer.object);
      const signed = signNoted({ issuedS, hash, journalIndex: answer.journalIndex }, desk.signer);
      return encodeRequest({ kind: 'noted', id, parts: [signed] });
    }
  }
};

/** The reply to the request with that id. */
export const encodeAnswer = (
  id: Uint8Array,
  answer: Result<Answer>,
  timeMs: number,
  desk: Desk,
): Uint8Array => {
  if (answer.ok) return encode(id, answer.value, Math.floor(timeMs / 1000), desk);
  const detail = answer.detail.slice(0, DETAIL_BYTES_MAX);
  return encodeRequest({ kind: 'refusal', id, parts: [CODES[answer.code], detail] });
};
