/** The tally: what a run did, for people and for benchmarks. */

import type { FaultKind } from './schedule.ts';

/** Of one simulated day. */
export type Day = { readonly readings: number; readonly claims: number };

export type Tally = {
  days: number;
  parties: number;
  devices: number;
  trades: number;
  /** Leases by how they ended. */
  endings: Map<string, number>;
  readings: number;
  movedNano: bigint;
  clearedNano: bigint;
  messages: number;
  claims: number;
  commits: number;
  rows: number;
  paidIn: number;
  transfers: number;
  rejected: number;
  /** Direct debits; and payments of both kinds that came back. */
  collected: number;
  returned: number;
  /** Disputes by what ended them. */
  disputes: Map<string, number>;
  /** Written off. */
  lostNano: bigint;
  faults: Map<FaultKind, number>;
  crashes: number;
  settlerCrashes: number;
  robberies: number;
  /** Hostile messages that broke an invariant: the run ends with the first. */
  accepted: number;
  /** Kinds of robbery by the move and the message it was made of. */
  moves: Map<string, number>;
  /** Leases whose two sides say the same in the end, and those that may differ: robbed, put back, refused. */
  equalBooks: number;
  excused: number;
  /** Leases of which the settler had forgotten what nobody could bring in. */
  givenUp: number;
  checks: number;
  byDay: Day[];
};

export const newTally = (): Tally => ({
  days: 0,
  parties: 0,
  devices: 0,
  trades: 0,
  endings: new Map(),
  readings: 0,
  movedNano: 0n,
  clearedNano: 0n,
  messages: 0,
  claims: 0,
  commits: 0,
  rows: 0,
  paidIn: 0,
  transfers: 0,
  rejected: 0,
  collected: 0,
  returned: 0,
  disputes: new Map(),
  lostNano: 0n,
  faults: new Map(),
  crashes: 0,
  settlerCrashes: 0,
  robberies: 0,
  accepted: 0,
  moves: new Map(),
  equalBooks: 0,
  excused: 0,
  givenUp: 0,
  checks: 0,
  byDay: [],
});

export const count = <K>(counts: Map<K, number>, name: K, times = 1): void => {
  counts.set(name, (counts.get(name) ?? 0) + times);
};
