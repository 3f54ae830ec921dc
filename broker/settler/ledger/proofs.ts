/**
 * Proofs as the journal keeps them: what was signed, or where nobody signs what the operator said. One that does not
 * say what its event needs was not written by a settler: reading it throws.
 */

import { decodeCbor, encodeCbor } from '../../../schemas/cbor.ts';
import type { Evidence } from '../../../schemas/evidence.ts';
import { taken } from '../refused.ts';

/** The proof of a grant: what the payer signed, and what the settler answered. */
export const grantProof = (open: Uint8Array, grant: Uint8Array): Uint8Array => encodeCbor([open, grant]);

/** A grant of the first shipped version has the open alone for a proof. */
export const openAndGrant = (proof: Uint8Array): { open: Uint8Array; grant: Uint8Array } => {
  const item = taken(decodeCbor(proof));
  const [open, grant] = item as readonly Uint8Array[];
  if (!Array.isArray(item) || item.length !== 2) return { open: proof, grant: new Uint8Array(0) };
  return { open: open!, grant: grant! };
};

export const claimProof = (evidence: Evidence): Uint8Array => encodeCbor([evidence.voucher, evidence.tick]);

export const evidenceOfProof = (proof: Uint8Array): Evidence => {
  const [voucher, tick] = taken(decodeCbor(proof)) as readonly (Uint8Array | null)[];
  return { voucher: voucher!, tick: tick ?? null };
};

/** The settler's own line to a debtor, as its operator set it. */
export type Guarantee = { readonly version: number; readonly limitNano: number; readonly expiryS: number };

export const guaranteeProof = ({ version, limitNano, expiryS }: Guarantee): Uint8Array =>
  encodeCbor([version, limitNano, expiryS]);

export const guaranteeOfProof = (proof: Uint8Array): Guarantee => {
  const [version, limitNano, expiryS] = taken(decodeCbor(proof)) as [number, number, number];
  return { version, limitNano, expiryS };
};
