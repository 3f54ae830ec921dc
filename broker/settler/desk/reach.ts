/** What a request may touch of a channel: the rows to load before it is decided. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Backing } from '../../../schemas/grant.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import {
  ADVANCED_ACCOUNT,
  channelAccount,
  owedAccount,
  sinkAccount,
  sourceAccount,
} from '../ledger/ledger.ts';
import { spendingKeys } from '../ledger/projection.ts';
import { disputeKeys } from '../ledger/resolution.ts';
import type { ChannelRow, Key } from '../store/tables.ts';

/** Accounts that money of a channel comes from, rests on and goes to. */
export const accountsOf = (
  channelId: Uint8Array,
  backings: readonly Backing[],
  payerOwner: Uint8Array,
  payeeOwner: Uint8Array,
  currency: string,
): readonly Key[] => {
  const ends = backings.flatMap((backing) => [
    sourceAccount(backing, payerOwner, payeeOwner),
    sinkAccount(backing, payerOwner, payeeOwner),
    ...(backing === 'guaranteed' ? [ADVANCED_ACCOUNT, owedAccount(null, payerOwner)] : []),
  ]);
  return [channelAccount(toHex(channelId)), ...ends].map((account) => [account, currency]);
};

/** Of a channel that was granted. */
export const reachOf = (channel: ChannelRow): Wanted => {
  const { id, backing, payerOwner, payeeOwner, currency } = channel;
  return {
    balance: accountsOf(id, [backing], payerOwner, payeeOwner, currency),
    spending: spendingKeys(channel),
  };
};

/** A receipt that the journal has forgotten, which only one that is stale has. */
export const gapWanted = (book: Book, id: Uint8Array): Wanted => (book.isStale() ? { gap: [[id]] } : {});

/** What is disputed as well: evidence may resolve it. */
export const reachOfChannel = (book: Book, id: Uint8Array): Wanted => {
  const channel = book.get('channel', [id]);
  const gap = gapWanted(book, id);
  return channel === undefined ? gap : { ...gap, ...reachOf(channel), dispute: disputeKeys(channel) };
};
