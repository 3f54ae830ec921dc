/** What a world is made of: its options, its messages, and what may go wrong with them. */

import type { Price } from '../../schemas/price.ts';

export const START_MS = Date.UTC(2026, 10, 20);
export const PRICE_NANO = 2_000_000;
export const DEPOSIT_NANO = 1_000_000_000_000;

export type Party = 'seller' | 'buyer';
export type Address = Party | 'settler';

export type Message = {
  readonly from: Address;
  readonly to: Address;
  /** A lease's topic, or requests and their answers. */
  readonly on: 'stream' | 'in';
  readonly bytes: Uint8Array;
};

export type Faults = {
  /** Probabilities per message. */
  readonly loss: number;
  readonly repetition: number;
  /** A message takes up to this long, so later ones overtake it. 0: in order, at once. */
  readonly delayMsMax: number;
};
export const QUIET: Faults = { loss: 0, repetition: 0, delayMsMax: 0 };

/** The power goes right after a record was written; of what was not synced, all or nothing reaches the disk. */
export type PowerCut = {
  readonly party: Party;
  readonly record: number;
  readonly survives: 'written' | 'synced';
};

export type WorldOptions = {
  readonly seed: number;
  readonly readings: number;
  readonly periodMs?: number;
  /** In readings of the first price. */
  readonly window?: number;
  readonly ticks?: number;
  readonly durationS?: number;
  readonly budgetNano?: number;
  readonly price?: Price;
  readonly faults?: Partial<Faults>;
  /** Sees every message on its way and may change, keep or add some: the hostile network or party. */
  readonly tamper?: (message: Message) => readonly Message[];
};
