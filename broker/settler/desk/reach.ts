/** What a request may touch of a channel: the rows to load before it is decided. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Backing } from '../../../schemas/grant.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import { channelAccount, sinkAccount, sourceAccount } from '../ledger/ledger.ts';
import { spendingKeys } from '../ledger/projection.ts';
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
  ]);
  return [channelAccount(toHex(channelId)), ...ends].map((account) => [account, currency]);
};

/** Of a channel that was granted; nothing where there is none. */
export const reachOf = (channel: ChannelRow | undefined): Wanted => {
  if (channel === undefined) return {};
  const { id, backing, payerOwner, payeeOwner, currency } = channel;
  return {
    balance: accountsOf(id, [backing], payerOwner, payeeOwner, currency),
    spending: spendingKeys(channel),
  };
};

export const reachOfChannel = (book: Book, id: Uint8Array): Wanted => reachOf(book.get('channel', [id]));
