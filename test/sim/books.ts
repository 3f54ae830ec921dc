/** Books of a lease: what a seller may trust, and what both sides say alike once it is over. */

import { toHex } from '../../schemas/bytes.ts';
import { differenceIn } from '../world/ending.ts';
import type { Auditor } from './auditor.ts';
import type { Trade } from './trade.ts';

/** What the seller believes of the settler that is not so, or null. Holds for every seller at every moment. */
export const faultInTrust = (trade: Trade, auditor: Auditor): string | null => {
  const { sale, halves, isOver, robbedBy, isGivenUp } = trade;
  if (sale?.channel == null || sale.held === null) return null;
  const channel = auditor.channels.get(toHex(sale.channel.id));
  if (channel === undefined) return 'the seller trusts a channel that nobody backs';
  if (BigInt(sale.held.limitNano) > channel.limitNano) return 'the seller trusts a forged limit';
  if (BigInt(sale.claimedNano) > channel.paidNano && !isGivenUp) {
    return `the seller holds a receipt over ${sale.claimedNano} nano, ${channel.paidNano} are booked`;
  }
  if (sale.phase === 'ended' && !channel.isClosed) return 'the seller ended with its channel open';
  // A seller that robs may close before it has claimed: that is its own loss.
  if (robbedBy === 'seller' || !isOver || halves.seller.ended === '') return null;
  const lostNano = sale.verifiedNano - (isGivenUp ? Number(channel.paidNano) : sale.claimedNano);
  // Anyone may claim more for a seller than it knows of.
  return lostNano <= 0 ? null : `the seller ended with ${lostNano} nano not claimed`;
};

/**
 * Whether a lease may end with books that differ: a party to it was a robber; an older copy or a wrong clock had
 * a part in it; or it came to nothing. A refusal is signed by nobody, and what both disks lost stays lost.
 */
export const mayDiffer = ({ sale, purchase, statement, robbedBy, isBlurred, halves }: Trade): boolean => {
  if (robbedBy !== null || isBlurred || sale === null || purchase === null) return true;
  if (statement !== null) return false;
  const reason = `${halves.buyer.ended} ${halves.seller.ended}`;
  return /refused|reading-gap|forgotten|no grant came|no answer/.test(reason);
};

/**
 * Where an older copy or a wrong clock had a part: more than a window released and not claimed, or null. A buyer
 * repeats what it released until it has the seller's signature; what a copy lacks that is put back later, is lost.
 */
export const excessInBooks = ({ sale, wire, robbedBy, isBlurred, lackedNano }: Trade): string | null => {
  if (sale === null || robbedBy !== null || !isBlurred) return null;
  const lostNano = wire.releasedNano - sale.claimedNano - lackedNano;
  const { windowNano } = sale.lease.terms;
  return lostNano <= windowNano
    ? null
    : `${lostNano} nano were released and not claimed, the window is ${windowNano}`;
};

/** What differs between what was sold, delivered, paid, claimed and stated in a lease that is over, or null. */
export const differenceInBooks = ({ sale, purchase, statement, wire, halves }: Trade): string | null => {
  const ended = { seller: halves.seller.ended, buyer: halves.buyer.ended };
  return differenceIn({ sale, purchase, statement, wire, ended });
};
