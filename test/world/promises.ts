/** Promises: what holds after every step, whatever was lost, repeated, restored or forged. */

import { LAG_READINGS_MAX } from '../../agent/engine/effects.ts';
import type { Purchase } from '../../agent/engine/purchase/state.ts';
import type { Sale } from '../../agent/engine/sale/state.ts';
import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { ChannelRow } from '../../broker/settler/store/tables.ts';
import { equalBytes } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { priceNanoOf, totalNanoFor } from '../../schemas/price.ts';
import type { Wire } from './wire.ts';

export type Promised = {
  readonly sale: Sale | null;
  readonly purchase: Purchase | null;
  readonly wire: Wire;
  /** Of the leases before this one. */
  readonly past: readonly Wire[];
  /** Most that was ever due for readings the buyer held. */
  readonly dueNano: number;
  /** A disk has lost something since the lease began. */
  readonly forgot: boolean;
  readonly store: Store;
  readonly crypto: Crypto;
  /** What came into the settler's books from outside. */
  readonly paidInNano: bigint;
};

/** Most that may be unpaid now: one reading for a stranger, growing with what it paid, up to the terms. */
const windowNanoOf = (sale: Sale): number => {
  const { price, windowNano } = sale.lease.terms;
  const earnedNano = sale.options.paidBeforeNano + sale.verifiedNano;
  return Math.max(priceNanoOf(price, Math.max(1, sale.sent)), Math.min(earnedNano, windowNano));
};

const brokenBySeller = (sale: Sale, wire: Wire): string | null => {
  const { price } = sale.lease.terms;
  if (sale.durable.totalNano > sale.verifiedNano) return 'the disk holds more than was verified';
  if (sale.held !== null && sale.verifiedNano > sale.held.limitNano) return 'verified past the limit';
  if (sale.agreedBytes !== null && sale.agreedNano > sale.verifiedNano)
    return 'agreed to more than it can show';
  if (sale.sentNano !== totalNanoFor(price, sale.sent)) return 'what was sent costs something else';
  // Until the buyer has answered, a restarted seller counts all it has as sent.
  if (sale.restored) return null;
  // A liar may say to a seller with a lost tail that it holds more than was sent: that is not delivered.
  const soldNano = totalNanoFor(price, Math.min(sale.sent, wire.delivered));
  if (soldNano - sale.verifiedNano > windowNanoOf(sale)) return 'unpaid beyond the window';
  const lagNano = LAG_READINGS_MAX * priceNanoOf(price, Math.max(1, sale.sent));
  if (soldNano - sale.durable.totalNano > windowNanoOf(sale) + lagNano) return 'a crash costs more';
  return null;
};

const brokenByBuyer = (purchase: Purchase): string | null => {
  if (purchase.limitNano > 0 && purchase.releasedNano > purchase.limitNano) return 'released past the limit';
  if (purchase.journalledNano > purchase.releasedNano) return 'journalled more than was released';
  return null;
};

/** What one lease shows of itself. */
type Lease = Pick<Promised, 'sale' | 'purchase' | 'wire' | 'dueNano' | 'forgot'>;

/** The promise that is broken, or null. */
export const brokenPromise = (world: Lease): string | null => {
  const { sale, purchase, wire } = world;
  if (wire.releasedNano > world.dueNano) {
    return `released ${wire.releasedNano} nano for readings worth ${world.dueNano}`;
  }
  if (sale !== null && sale.verifiedNano > wire.releasedNano)
    return 'the seller counts what was not released';
  if (sale !== null && sale.claimedNano > wire.releasedNano) return 'booked more than was released';
  if (sale !== null && !world.forgot) {
    const soldNano = totalNanoFor(sale.lease.terms.price, wire.delivered);
    if (soldNano - sale.verifiedNano > windowNanoOf(sale)) return 'delivered beyond the window';
  }
  const broken = sale === null ? null : brokenBySeller(sale, wire);
  return broken ?? (purchase === null ? null : brokenByBuyer(purchase));
};

const isOf = (sale: Sale | null, channel: ChannelRow): boolean =>
  sale?.channel != null && equalBytes(sale.channel.id, channel.id);

/** What the seller believes of the settler is so. */
const brokenTrust = (sale: Sale | null, channel: ChannelRow): string | null => {
  if (sale === null || !isOf(sale, channel)) return null;
  if (sale.held !== null && sale.held.limitNano > channel.limitNano)
    return 'the seller trusts a forged limit';
  if (sale.claimedNano > channel.paidNano) return 'the seller trusts a forged receipt';
  if (sale.phase === 'ended' && !channel.closed) return 'the seller ended with its channel open';
  return null;
};

/** The same for the settler's books: the journal is replayed and compared. */
export const brokenSettlement = async (world: Promised): Promise<string | null> => {
  const verified = await verifyStore(world.store, world.crypto.sha256);
  if (!verified.ok) return verified.detail;
  const read = await world.store.read(async (reader) => ({
    channels: await reader.page('channel', [], null, 100),
    balances: await reader.balancesUnder('', null, 1000),
  }));
  if (!read.ok) return read.detail;
  const { channels, balances } = read.value;
  let heldNano = 0n;
  for (const { account, nano } of balances) if (!account.startsWith('bank/')) heldNano += nano;
  if (heldNano !== world.paidInNano) return `holds ${heldNano} nano of ${world.paidInNano} paid in`;
  if (world.sale?.channel != null && !channels.some((each) => isOf(world.sale, each))) {
    return 'the seller trusts a channel that nobody backs';
  }
  for (const channel of channels) {
    const wire = [world.wire, ...world.past].find((each) => each.isOf(channel.id));
    if (channel.paidNano > (wire?.releasedNano ?? 0)) return 'credited more than was released';
    const broken = brokenTrust(world.sale, channel);
    if (broken !== null) return broken;
    const earned = balances.find((each) => each.account === earnedAccount(channel.payee));
    if (channels.length === 1 && (earned?.nano ?? 0n) !== BigInt(channel.paidNano))
      return 'earned something else';
    const deposit = balances.find((each) => each.account === depositAccount(channel.payer));
    if ((deposit?.nano ?? 0n) < 0n) return 'a deposit is overdrawn';
  }
  return null;
};
