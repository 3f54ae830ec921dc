/**
 * Repair: the settler's database is older than what it signed. High water outside of it tells so, payouts and clearing
 * stop, and the parties and the bank bring in what they hold: its files, words of owners, receipts, opens, evidence, disputes.
 */

import type { HighWater, Mark, NotedRun } from '../../broker/settler/backup/high-water.ts';
import type { OpenGap } from '../../broker/settler/backup/stale.ts';
import { toHex } from '../../schemas/bytes.ts';
import { signClose } from '../../schemas/close.ts';
import { encodeRequest, type Request } from '../../schemas/request.ts';
import { ok } from '../../schemas/result.ts';
import type { Economy } from './economy.ts';
import type { Trade } from './trade.ts';

/** On a disk of its own, which fails nobody. */
export const newHighWater = (): HighWater => {
  let mark: Mark | null = null;
  const runs = new Map<string, NotedRun>();
  return {
    mark: () => ok(mark),
    runs: () => ok([...runs.values()]),
    note: (next) => {
      mark = next;
      return ok(null);
    },
    reserve: (run) => {
      runs.set(run.name, run);
      return ok(null);
    },
  };
};

/**
 * What the parties of a lease hold: the open, which the buyer has before its seller; the seller's receipt, its best
 * evidence, and its close where it has ended.
 */
const heldBy = ({ sale, purchase, devices }: Trade): readonly ((id: Uint8Array) => Request)[] => {
  const opened = purchase?.openBytes ?? null;
  if (sale?.channel == null || sale.openBytes === null) {
    return opened === null ? [] : [(id) => ({ kind: 'open', id, parts: [opened] })];
  }
  const { channel, openBytes, receiptBytes, claimedNano } = sale;
  const { evidence } = sale.durable;
  const held: ((id: Uint8Array) => Request)[] = [];
  if (receiptBytes !== null) held.push((id) => ({ kind: 'present', id, parts: [channel.id, receiptBytes] }));
  held.push((id) => ({ kind: 'open', id, parts: [openBytes] }));
  if (evidence !== null)
    held.push((id) => ({ kind: 'claim', id, parts: [channel.id, evidence.voucher, evidence.tick] }));
  if (sale.phase === 'ended') {
    const close = signClose(channel.id, claimedNano, devices.seller.ports.signer);
    held.push((id) => ({ kind: 'close', id, parts: [channel.id, close, null] }));
  }
  return held;
};

/**
 * Gaps that the operator gives up, by name: evidence that was on a seller's disk until an older copy of it was put
 * back, when its buyer was gone. What a seller holds, or a buyer still repeats, is never given up.
 */
export const givenUp = (
  tradeOf: (channelHex: string) => Trade | undefined,
  gaps: readonly OpenGap[],
): readonly string[] => {
  const names: string[] = [];
  for (const { gap, receipt, missing } of gaps) {
    const name = toHex(gap.channel);
    const trade = tradeOf(name);
    if (missing === undefined || trade === undefined || !trade.lacks(receipt.paidNano)) continue;
    trade.isGivenUp = true;
    names.push(name);
  }
  return names;
};

/** Everything that anybody outside holds, in the order in which it can be booked. */
export const bringIn = async (economy: Economy): Promise<void> => {
  const { office, treasury, trades, quarrels, robbing } = economy;
  await treasury.bookEverything();
  await economy.tellWords();
  for (const trade of trades) {
    for (const request of heldBy(trade)) {
      await office.ask(trade.devices.seller.id, encodeRequest(request(robbing.bytes(8))));
    }
  }
  await quarrels.tellAll();
};
