/** What a simulation is made of: a seed decides everything else. */

import { type Chance, chanceOf } from '../world/chance.ts';
import type { Defect } from './defects.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The operator's day: statements, the bank's word, collections, clearing, payouts. */
export const STATEMENT_HOUR = 5;
export const WORD_HOUR = 9;
export const COLLECTION_HOUR = 19;
export const CLEARING_HOUR = 20;
export const PAYOUT_HOUR = 21;
export const OFFICE_HOURS = [STATEMENT_HOUR, WORD_HOUR, COLLECTION_HOUR, CLEARING_HOUR, PAYOUT_HOUR] as const;

export const LEVELS = ['none', 'light', 'heavy'] as const;
export type Level = (typeof LEVELS)[number];

export type SimOptions = {
  /** Any text; the same text is the same run. */
  readonly seed: string;
  readonly days: number;
  readonly parties: number;
  readonly faults: Level;
  /** Ids of the faults that happen, null for all of the schedule. */
  readonly only: ReadonlySet<number> | null;
  /** Numbers of parties that are left out. */
  readonly without: ReadonlySet<number>;
  /** The settler's disk may lie and may be restored from a backup: it has to notice, and be repaired. */
  readonly restores: boolean;
  /** A fault of ours that is planted to see it found. */
  readonly defect: Defect | null;
};

export const DEFAULTS: SimOptions = {
  seed: '1',
  days: 3,
  parties: 8,
  faults: 'light',
  only: null,
  without: new Set(),
  restores: false,
  defect: null,
};

/** FNV-1a, 32 bits (draft-eastlake-fnv): text to a seed. */
const seedOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
};

/** A stream of chance of its own for everything that has a name: what one takes, no other misses. */
export const streamOf = (seed: string, name: string): Chance => chanceOf(seedOf(`${seed}/${name}`));
