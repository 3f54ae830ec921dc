/**
 * Repair: the settler's database is older than what it signed. High water outside of it tells so, payouts and clearing
 * stop, and the parties and the bank bring in what they hold: statements, words of owners, receipts, opens, evidence.
 */

import type { HighWater, Noted } from '../../broker/settler/backup/high-water.ts';
import { signClose } from '../../schemas/close.ts';
import { encodeRequest, type Request } from '../../schemas/request.ts';
import { ok } from '../../schemas/result.ts';
import type { Economy } from './economy.ts';
import type { Trade } from './trade.ts';

/** On a disk of its own, which fails nobody. */
export const newHighWater = (): HighWater => {
  let noted: Noted = { mark: null, runs: [] };
  return {
    read: () => ok(noted),
    note: (mark) => {
      noted = { ...noted, mark };
      return ok(null);
    },
    reserve: (run) => {
      noted = { ...noted, runs: noted.runs.includes(run) ? noted.runs : [...noted.runs, run] };
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

/** Everything that anybody outside holds, in the order in which it can be booked. */
export const bringIn = async (economy: Economy): Promise<void> => {
  const { office, treasury, trades, robbing } = economy;
  await treasury.bookEverything();
  await economy.tellWords();
  for (const trade of trades) {
    for (const request of heldBy(trade)) {
      await office.ask(trade.devices.seller.id, encodeRequest(request(robbing.bytes(8))));
    }
  }
};
