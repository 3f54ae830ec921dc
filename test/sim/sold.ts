/** The part of a seller's shell that makes a lease of an offer. */

import { acceptOffer } from '../../agent/engine/offer.ts';
import { newSale } from '../../agent/engine/sale/sale.ts';
import { BACKINGS_MAX } from '../../schemas/grant.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { openLease, openOffer, signLease } from '../../schemas/terms.ts';
import { DEPOSIT_NANO } from '../world/options.ts';
import type { Device } from './device.ts';

/** Half the leases of a day: refusals of a full seller occur. */
const LEASES_MAX = 4;
const CLAIM_EVERY_MS = 20_000;

/** The beginning of the sale. Codes: those of `openOffer` and `acceptOffer`. */
export const sold = (
  offer: Uint8Array,
  seller: Device,
  settler: Uint8Array,
): Result<ReturnType<typeof newSale>> => {
  const { crypto, signer } = seller.ports;
  const terms = openOffer(offer, crypto);
  if (!terms.ok) return terms;
  const history = seller.historyOf(terms.value.buyer);
  const selling = {
    seller: signer.key,
    settlers: [settler],
    capabilities: [seller.plan.capability!],
    leases: seller.leases(),
    leasesMax: LEASES_MAX,
    unpaidNano: history.unpaidNano,
  };
  const accepted = acceptOffer(terms.value, selling, seller.timeMs());
  if (!accepted.ok) return accepted;
  const lease = openLease(signLease(offer, signer), crypto);
  if (!lease.ok) return lease;
  const options = {
    exposureNanoMax: DEPOSIT_NANO,
    paidBeforeNano: history.paidNano,
    unpaidBeforeNano: history.unpaidNano,
    claimEveryMs: CLAIM_EVERY_MS,
    backings: BACKINGS_MAX,
  };
  return ok(newSale(seller.ports, lease.value, options, seller.timeMs()));
};
