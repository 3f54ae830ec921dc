/**
 * The end of a channel: a party closes it, or its grace after expiry is over. The rest goes back to the
 * payer's deposit, or its credit line. What is booked stays booked.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { openClose } from '../../../schemas/close.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { eventFor } from '../ledger/ledger.ts';
import { disputeKeys } from '../ledger/resolution.ts';
import type { ChannelRow } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import { unknownChannel } from './claims.ts';
import type { Desk } from './desk.ts';
import { intakeSinceMs, releasableMs } from './grace.ts';
import { resolveDisputes } from './resolving.ts';

/** `expiry` where no one's word, but time, ends the channel. */
const release = (
  book: Book,
  channel: ChannelRow,
  kind: 'release' | 'expiry',
  proof?: Uint8Array,
): ChannelRow => {
  const booked = book.post(
    eventFor({
      kind,
      currency: channel.currency,
      nano: BigInt(channel.limitNano - channel.paidNano),
      subject: toHex(channel.id),
      owner: channel.payerOwner,
      other: channel.payeeOwner,
      backing: channel.backing,
      totalNano: BigInt(channel.paidNano),
      ...(proof && { proof }),
    }),
  );
  if (!booked.ok) throw new RangeError(booked.detail);
  return book.get('channel', [channel.id])!;
};

const isDisputed = (book: Book, channel: ChannelRow): boolean =>
  disputeKeys(channel).some((key) => book.get('dispute', key)?.open === true);

/** The payee's close among the two, whichever signed first; undefined where neither is the payee's. */
const closeOfPayee = (channel: ChannelRow, closes: readonly Uint8Array[], desk: Desk) => {
  for (const bytes of closes) {
    const opened = openClose(bytes, channel.id, channel.payee, desk.crypto.verify);
    if (opened.ok) return { bytes, totalNano: opened.value };
  }
  return undefined;
};

const releasableFromMs = (book: Book, channel: ChannelRow, { limits }: Desk): number =>
  releasableMs(channel, intakeSinceMs(book, channel.id, limits.intakeGapMs), limits.graceMs);

/**
 * Closes a channel for its payee, or for its payer with the payee's consent or after the grace. The payee's
 * total must be the one booked: a close that overtakes the last claim, or one kept from earlier, would
 * release money that was earned.
 * Codes: channel-unknown, claim-rate, statement-differs, not-authorised, those of `openClose`.
 */
export const closeChannel = (
  book: Book,
  channelId: Uint8Array,
  closes: readonly Uint8Array[],
  desk: Desk,
  allow: () => boolean,
): Result<Answer> => {
  const channel = book.get('channel', [channelId]);
  if (channel === undefined) return unknownChannel(channelId);
  if (channel.closed && !isDisputed(book, channel)) return ok({ kind: 'receipt', channel });
  if (!allow()) return refuse('claim-rate', 'too many requests on this channel: wait a second');
  const consent = closeOfPayee(channel, closes, desk);
  if (channel.closed) {
    if (consent !== undefined) resolveDisputes(book, channel.id, { close: consent });
    return ok({ kind: 'receipt', channel });
  }
  if (consent !== undefined) {
    if (consent.totalNano !== channel.paidNano) {
      const totals = `the close is at ${consent.totalNano} nano, ${channel.paidNano} nano are booked`;
      return refuse('statement-differs', `${totals}: claim first, then close at the total of the receipt`);
    }
    const released = release(book, channel, 'release', consent.bytes);
    resolveDisputes(book, channel.id, { close: consent });
    return ok({ kind: 'receipt', channel: released });
  }
  const own = openClose(closes[0]!, channel.id, channel.payer, desk.crypto.verify);
  if (!own.ok) return own;
  const fromMs = releasableFromMs(book, channel, desk);
  if (book.timeMs < fromMs) {
    const until = new Date(fromMs).toISOString();
    return refuse('not-authorised', `a payer's close needs the payee's signature before ${until}`);
  }
  return ok({ kind: 'receipt', channel: release(book, channel, 'release', closes[0]!) });
};

/** Releases a channel whose grace is over; false where it is not, or the channel is closed. */
export const expireChannel = (book: Book, channelId: Uint8Array, desk: Desk): boolean => {
  const channel = book.get('channel', [channelId]);
  if (channel === undefined || channel.closed) return false;
  if (book.timeMs < releasableFromMs(book, channel, desk)) return false;
  release(book, channel, 'expiry');
  return true;
};
