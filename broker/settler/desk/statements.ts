/** Statements: what both parties agreed a lease came to, filed beside what was claimed. */

import { equalBytes, isBytes, toHex } from '../../../schemas/bytes.ts';
import { decodeCbor } from '../../../schemas/cbor.ts';
import { parseObject } from '../../../schemas/cose.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openAgreed, type Statement } from '../../../schemas/statement.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import { eventFor } from '../ledger/ledger.ts';
import { disputeKeys } from '../ledger/resolution.ts';
import type { Answer } from './answer.ts';
import { unknownChannel } from './claims.ts';
import type { Desk } from './desk.ts';
import { gapWanted } from './reach.ts';
import { resolveDisputes } from './resolving.ts';

/** The channel a statement is about, before its signatures are looked at. Codes: cbor-*, cose-*, object-malformed. */
export const channelOfAgreed = (agreed: Uint8Array): Result<Uint8Array> => {
  const outer = parseObject(agreed);
  if (!outer.ok) return outer;
  const inner = parseObject(outer.value.payload);
  if (!inner.ok) return inner;
  const fields = decodeCbor(inner.value.payload);
  if (!fields.ok) return fields;
  const channel = Array.isArray(fields.value) ? fields.value[0] : undefined;
  if (isBytes(channel, 32)) return ok(channel);
  return refuse('object-malformed', 'a statement begins with a channel of 32 bytes');
};

/** The disputes that a statement resolves. */
export const disputesReach = (book: Book, id: Uint8Array): Wanted => {
  const channel = book.get('channel', [id]);
  const gap = gapWanted(book, id);
  return channel === undefined ? gap : { ...gap, dispute: disputeKeys(channel) };
};

/** A lease only grows, so one that says more is the later one, in whatever order they come. */
const saysMore = (a: Statement, b: Statement): boolean =>
  a.totalNano === b.totalNano ? a.delivered > b.delivered : a.totalNano > b.totalNano;

/**
 * Files a statement that both parties signed; a later one replaces it. It ends what is in dispute.
 * Codes: channel-unknown, channel-mismatch, claim-rate, those of `openAgreed`.
 */
export const fileStatement = (
  book: Book,
  channelId: Uint8Array,
  lease: Uint8Array,
  agreed: Uint8Array,
  desk: Desk,
  allow: () => boolean,
): Result<Answer> => {
  const channel = book.get('channel', [channelId]);
  if (channel === undefined) return unknownChannel(channelId);
  if (!equalBytes(channel.lease, lease)) {
    return refuse('channel-mismatch', 'the channel was opened for another lease than the one stated');
  }
  if (!allow()) return refuse('claim-rate', 'too many requests on this channel: wait a second');
  const opened = openAgreed(agreed, lease, channel.payer, channel.payee, desk.crypto.verify);
  if (!opened.ok) return opened;
  const filed = book.get('statement', [channel.id]);
  const before = filed && openAgreed(filed.bytes, lease, channel.payer, channel.payee, () => true);
  if (before?.ok && !saysMore(opened.value, before.value)) return ok({ kind: 'receipt', channel });
  const booked = book.post(
    eventFor({
      kind: 'statement',
      currency: channel.currency,
      nano: 0n,
      // A statement may be filed again after another: the row makes its key unique.
      subject: `${toHex(channel.id)}/${book.length()}`,
      owner: channel.payeeOwner,
      other: channel.payerOwner,
      proof: agreed,
    }),
  );
  if (!booked.ok) throw new RangeError(booked.detail);
  resolveDisputes(book, channel.id, { statement: agreed });
  return ok({ kind: 'receipt', channel });
};
