/** Answers: what a request led to, signed and encoded only after the commit. */

import { signNoted } from '../../../schemas/noted.ts';
import { signReceipt } from '../../../schemas/receipt.ts';
import { DETAIL_BYTES_MAX, encodeRequest } from '../../../schemas/request.ts';
import { CODES, type Result } from '../../../schemas/result.ts';
import type { SettlerSigner } from '../../../schemas/settler.ts';
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

/** Ed25519's (RFC 8032): the end of an envelope (RFC 9052 section 4.2). */
const SIGNATURE_BYTES = 64;

/** An object as `make` signs it, signed on another thread where there is one: with a blank first, then with the signature. */
const signedAside = async (
  settler: SettlerSigner,
  make: (settler: SettlerSigner) => Uint8Array,
): Promise<Uint8Array> => {
  const { key, signAside } = settler.signer;
  if (signAside === undefined) return make(settler);
  let signing: Promise<Uint8Array> | undefined;
  const sign = (message: Uint8Array) => {
    signing = signAside(message);
    return new Uint8Array(SIGNATURE_BYTES);
  };
  const object = make({ ...settler, signer: { key, sign } });
  object.set(await signing!, object.length - SIGNATURE_BYTES);
  return object;
};

const receiptOf = (channel: ChannelRow, issuedS: number, settler: SettlerSigner): Uint8Array =>
  signReceipt(
    channel.id,
    {
      issuedS,
      paidNano: channel.paidNano,
      limitNano: channel.limitNano,
      final: channel.closed,
      journalIndex: channel.bookedIndex,
    },
    settler,
  );

const encode = async (
  id: Uint8Array,
  answer: Answer,
  issuedS: number,
  { signer, crypto }: Desk,
): Promise<Uint8Array> => {
  switch (answer.kind) {
    case 'grant':
      return encodeRequest({ kind: 'grant', id, parts: [answer.grant] });
    case 'receipt': {
      const signed = await signedAside(signer, (settler) => receiptOf(answer.channel, issuedS, settler));
      return encodeRequest({ kind: 'receipt', id, parts: [signed] });
    }
    case 'spending': {
      const { device, spending } = answer;
      const signed = signSpending(device, { ...spending, issuedS }, signer);
      return encodeRequest({ kind: 'spending', id, parts: [signed] });
    }
    case 'noted': {
      const hash = crypto.sha256(answer.object);
      const signed = signNoted({ issuedS, hash, journalIndex: answer.journalIndex }, signer);
      return encodeRequest({ kind: 'noted', id, parts: [signed] });
    }
  }
};

/** The reply to the request with that id. Receipts, of which there are many, are signed aside. */
export const encodeAnswer = async (
  id: Uint8Array,
  answer: Result<Answer>,
  timeMs: number,
  desk: Desk,
): Promise<Uint8Array> => {
  if (answer.ok) return encode(id, answer.value, Math.floor(timeMs / 1000), desk);
  const detail = answer.detail.slice(0, DETAIL_BYTES_MAX);
  return encodeRequest({ kind: 'refusal', id, parts: [CODES[answer.code], detail] });
};
