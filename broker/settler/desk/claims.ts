/** Claims: evidence moves money from a channel to its payee. Anyone may present it. */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import {
  type Evidence,
  type Position,
  type Stated,
  totalNanoOf,
  verifyStated,
} from '../../../schemas/evidence.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { chainBlock } from '../../../schemas/tick.ts';
import { parseVoucher } from '../../../schemas/voucher.ts';
import type { Book } from '../ledger/book.ts';
import { eventFor } from '../ledger/ledger.ts';
import { claimProof } from '../ledger/proofs.ts';
import type { ChannelRow } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import type { Desk } from './desk.ts';
import { resolveDisputes } from './resolving.ts';

export const unknownChannel = (id: Uint8Array) =>
  refuse('channel-unknown', `no channel ${toHex(id)} was granted here: open it first`);

/** Where the last claim's verification ended, so that the next one with the same voucher walks on from there. */
export const lastStep = (channel: ChannelRow, evidence: Evidence): Position | null => {
  if (channel.voucher === null || !equalBytes(channel.voucher, evidence.voucher)) return null;
  const voucher = parseVoucher(channel.voucher);
  if (!voucher.ok) throw new Error(`channel ${toHex(channel.id)} holds a voucher that is none`);
  const { seq, anchor } = voucher.value;
  return {
    voucher: voucher.value,
    voucherBytes: channel.voucher,
    index: channel.index,
    x: channel.link ?? anchor ?? new Uint8Array(0),
    block: chainBlock(channel.id, seq),
  };
};

/**
 * Books what the evidence proves beyond what is booked; less or the same is answered with the receipt there
 * is. Totals are compared, and bounds checked, before any cryptography; `allow` is asked right before it.
 * Codes: channel-unknown, channel-closed, claim-rate, those of `verifyStated`.
 */
export const claim = (
  book: Book,
  channelId: Uint8Array,
  stated: Stated,
  desk: Desk,
  allow: () => boolean,
): Result<Answer> => {
  const channel = book.get('channel', [channelId]);
  if (channel === undefined) return unknownChannel(channelId);
  const { evidence, totalNano } = stated;
  if (totalNano <= channel.paidNano) return ok({ kind: 'receipt', channel });
  if (channel.closed) {
    return refuse('channel-closed', `closed at ${channel.paidNano} nano: ${totalNano} nano come too late`);
  }
  if (totalNano > channel.limitNano) {
    return refuse('voucher-over-limit', `${totalNano} nano pass the limit of ${channel.limitNano} nano`);
  }
  if (!allow())
    return refuse('claim-rate', 'too many claims on this channel: wait a second, then send the best');
  const verified = verifyStated(
    lastStep(channel, evidence),
    stated,
    channel.id,
    channel.payer,
    channel.limitNano,
    desk.crypto,
  );
  if (!verified.ok) return verified;
  return ok({ kind: 'receipt', channel: bookClaim(book, channel, verified.value, evidence) });
};

const bookClaim = (book: Book, channel: ChannelRow, step: Position, evidence: Evidence): ChannelRow => {
  const paidNano = totalNanoOf(step);
  const booked = book.post(
    eventFor({
      kind: 'claim',
      currency: channel.currency,
      nano: BigInt(paidNano - channel.paidNano),
      subject: toHex(channel.id),
      owner: channel.payeeOwner,
      other: channel.payerOwner,
      backing: channel.backing,
      totalNano: BigInt(paidNano),
      proof: claimProof(evidence),
    }),
  );
  if (!booked.ok) throw new RangeError(booked.detail);
  resolveDisputes(book, channel.id);
  return book.get('channel', [channel.id])!;
};
