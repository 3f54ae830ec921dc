/**
 * Matching: which capability of which profile satisfies a demand, and which is best. Every agent that reads
 * the same profiles computes the same ranking; no meeting place is needed.
 */

import { compareBytes, equalBytes } from './bytes.ts';
import type { Demand } from './demand.ts';
import { totalNanoFor } from './price.ts';
import type { Capability, Profile } from './profile.ts';

export type Candidate = {
  readonly profile: Profile;
  /** What the reader knows of the seller, 0 to 1,000; a stranger is in the middle. */
  readonly reliability: number;
};

export type Match = {
  readonly profile: Profile;
  readonly capability: Capability;
  /** The first settler in the demand's order that both sides use. */
  readonly settler: Uint8Array;
  /** What all demanded readings cost together. */
  readonly costNano: number;
  readonly reliability: number;
};

export const RELIABILITY_UNKNOWN = 500;

const commonSettler = (demand: Demand, profile: Profile): Uint8Array | null => {
  for (const wanted of demand.settlers) {
    for (const offered of profile.settlers) if (equalBytes(wanted, offered)) return wanted;
  }
  return null;
};

/** Hard filters. Every tier of the price must be affordable. */
const satisfies = (capability: Capability, demand: Demand): boolean => {
  if (capability.direction !== 'sensor') return false;
  if (capability.kind !== demand.kind || capability.unit !== demand.unit) return false;
  if (capability.currency !== demand.currency) return false;
  for (const tier of capability.price) if (tier.priceNano > demand.priceNanoMax) return false;
  return true;
};

const better = (a: Match, b: Match): number => {
  if (a.costNano !== b.costNano) return a.costNano - b.costNano;
  if (a.reliability !== b.reliability) return b.reliability - a.reliability;
  const seller = compareBytes(a.profile.key, b.profile.key);
  if (seller !== 0) return seller;
  return a.capability.name < b.capability.name ? -1 : a.capability.name > b.capability.name ? 1 : 0;
};

/**
 * Best first: by the cost of all demanded readings (the price of the first alone could lure), then
 * reliability, then seller key and name, so that ties break alike. What cannot be paid on one channel
 * (2^53 nano or more) matches nothing.
 */
export const rankMatches = (demand: Demand, candidates: readonly Candidate[]): readonly Match[] => {
  const matches: Match[] = [];
  for (const candidate of candidates) {
    const settler = commonSettler(demand, candidate.profile);
    if (settler === null) continue;
    for (const capability of candidate.profile.capabilities) {
      const costNano = totalNanoFor(capability.price, demand.readings);
      if (costNano < 0 || !satisfies(capability, demand)) continue;
      matches.push({
        profile: candidate.profile,
        capability: capability,
        settler: settler,
        costNano: costNano,
        reliability: candidate.reliability,
      });
    }
  }
  return matches.sort(better);
};
