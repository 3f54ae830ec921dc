/**
 * A party shows a receipt that this settler signed. One that the journal does not reach is a gap: it is noted, payouts
 * stop, and no receipt of less is signed until the gap is covered (schemas/spec/channel.md rule 9).
 */

import { openReceipt, type Receipt } from '../../../schemas/receipt.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { FORGOTTEN, forgetting, isAccepted, isBehind, isNoted, missingOf } from '../backup/stale.ts';
import type { Book } from '../ledger/book.ts';
import { staleMeta } from '../ledger/stale.ts';
import type { GapRow } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import { unknownChannel } from './claims.ts';
import type { Desk } from './desk.ts';
import type { Task } from './task.ts';

const gapOf = (book: Book, id: Uint8Array): GapRow | undefined =>
  book.isStale() ? book.get('gap', [id]) : undefined;

export const isForgotten = (book: Book, id: Uint8Array): boolean => gapOf(book, id) !== undefined;

/** What the channel still lacks of a receipt that was shown; undefined where nothing is known to be missing. */
const missingHere = (book: Book, id: Uint8Array): string | undefined =>
  missingOf(gapOf(book, id), book.get('channel', [id]));

/** An answer, but no receipt of less than was signed before. Code: journal-stale. */
export const unlessLess = (book: Book, id: Uint8Array, answer: Result<Answer>): Result<Answer> => {
  const missing = answer.ok && answer.value.kind === 'receipt' ? missingHere(book, id) : undefined;
  return missing === undefined ? answer : forgetting(id, missing);
};

/** Before a channel ends: what was earned comes first. Code: journal-stale. */
export const checkRemembered = (book: Book, id: Uint8Array): Result<null> => {
  const missing = missingHere(book, id);
  return missing === undefined || missing === 'the close' ? ok(null) : forgetting(id, missing);
};

/** Beyond what is written now, and beyond what is known to be lost. */
const isBeyond = (book: Book, { journalIndex }: Receipt): boolean =>
  journalIndex >= book.length() && journalIndex > Number(book.get('meta', FORGOTTEN)?.value ?? -1);

const markStale = (book: Book, { journalIndex }: Receipt): void => {
  if (!book.isStale())
    book.put(
      'meta',
      staleMeta(`a receipt of row ${journalIndex} was shown, which this journal does not reach`),
    );
};

const answerTo = (book: Book, id: Uint8Array, bytes: Uint8Array, receipt: Receipt): Result<Answer> => {
  const channel = book.get('channel', [id]);
  const held = book.get('gap', [id]);
  const isNews = !isNoted(held, receipt);
  const isGivenUp = !isNews && isAccepted(held!);
  if (isBehind(channel, receipt) ? !isGivenUp : isBeyond(book, receipt)) markStale(book, receipt);
  if (isBehind(channel, receipt) && isNews) {
    const { paidNano, journalIndex } = receipt;
    book.put('gap', { channel: id, paidNano, journalIndex, bytes });
  }
  const answer = channel === undefined ? unknownChannel(id) : ok({ kind: 'receipt' as const, channel });
  const missing = missingOf(book.get('gap', [id]), channel);
  return missing === undefined ? answer : forgetting(id, missing);
};

/** Codes: those of `openReceipt` for what is no receipt of this settler; journal-stale, channel-unknown. */
export const present = (id: Uint8Array, bytes: Uint8Array, desk: Desk): Result<Task> => {
  const receipt = openReceipt(bytes, id, desk.root, desk.crypto.verify);
  if (!receipt.ok) return receipt;
  return ok({
    wants: { channel: [[id]], gap: [[id]], meta: [FORGOTTEN] },
    apply: (book) => answerTo(book, id, bytes, receipt.value),
  });
};
