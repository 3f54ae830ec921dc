/** Disputes end where evidence speaks for itself: asked whenever a claim, a statement, a close or a dispute comes. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Book } from '../ledger/book.ts';
import { eventFor } from '../ledger/ledger.ts';
import { caseOf, disputeKeys, type Papers, resolutionsOf } from '../ledger/resolution.ts';

/** Books what the evidence there is resolves on a channel that was granted; mostly nothing. */
export const resolveDisputes = (book: Book, id: Uint8Array, papers: Papers = {}): void => {
  const channel = book.get('channel', [id])!;
  if (disputeKeys(channel).every((key) => book.get('dispute', key)?.open !== true)) return;
  const found = resolutionsOf(caseOf(channel, (key) => book.get('dispute', key), papers));
  for (const { party, version, by, proof } of found) {
    const booked = book.post(
      eventFor({
        kind: 'dispute-resolved',
        currency: channel.currency,
        nano: 0n,
        // A version is resolved once: a party that disputes on signs a higher one.
        subject: `${toHex(id)}/${toHex(party)}/${version}/${by}`,
        owner: party,
        proof,
      }),
    );
    if (!booked.ok) throw new RangeError(booked.detail);
  }
};
