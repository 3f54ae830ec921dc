/** How a lease ended: what every account of it must say alike. */

import { totalNanoFor } from '../../schemas/price.ts';
import { decodeRequest, type RequestKind } from '../../schemas/request.ts';
import { decodeStream, type StreamMessage } from '../../schemas/stream.ts';
import type { Message } from './options.ts';
import type { World } from './world.ts';

/** What the accounts of a lease are taken from. */
type Accounts = Pick<World, 'sale' | 'purchase' | 'statement' | 'wire' | 'ended'>;

/** What differs between sold, delivered, paid, claimed and stated, or null. */
export const differenceIn = ({ sale, purchase, statement, wire, ended }: Accounts): string | null => {
  if (sale === null || purchase === null) return 'there was no lease';
  if (ended.seller === '' || ended.buyer === '') {
    return `not ended: the sale is ${sale.phase}, the purchase ${purchase.phase}`;
  }
  if (statement === null) return 'nothing was stated';
  const nano = {
    delivered: totalNanoFor(purchase.terms.price, statement.delivered),
    released: wire.releasedNano,
    paid: purchase.releasedNano,
    verified: sale.verifiedNano,
    claimed: sale.claimedNano,
  };
  for (const [what, is] of Object.entries(nano)) {
    if (is !== statement.totalNano) return `${what} is ${is} nano, the statement says ${statement.totalNano}`;
  }
  return null;
};

/** What a message is, by its first words. */
export const kindOf = ({ on, bytes }: Message): StreamMessage['kind'] | RequestKind | 'malformed' => {
  const message = on === 'stream' ? decodeStream(bytes) : decodeRequest(bytes);
  return message.ok ? message.value.kind : 'malformed';
};
