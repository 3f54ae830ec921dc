/** The run of a demo as its two agents tell it: their own figures, lease by lease, added up. */

import type { AgentStatus, EndedStatus, LeaseStatus, RuleStatus } from '../status.ts';
import type { ProcessState } from './processes.ts';

/** What one side counts over all leases of the run. */
export type Side = {
  readonly delivered: number;
  readonly paid: number;
  readonly paidNano: number;
  readonly unpaidNano: number;
  readonly windowNano: number;
  readonly claimedNano: number;
};

export type Scene = {
  readonly run: number;
  readonly readings: number;
  readonly elapsedMs: number;
  readonly currency: string;
  readonly priceNano: number;
  readonly seller: Side;
  readonly buyer: Side;
  /** Temperatures that were bought, oldest first. */
  readonly values: readonly string[];
  readonly valve: RuleStatus | null;
  /** What the run waits for, or what keeps it from going on; empty where it runs. */
  readonly waiting: string;
  readonly processes: readonly ProcessState[];
};

const NOTHING: Side = {
  delivered: 0,
  paid: 0,
  paidNano: 0,
  unpaidNano: 0,
  windowNano: 0,
  claimedNano: 0,
};

const added = (side: Side, lease: LeaseStatus | EndedStatus): Side => ({
  delivered: side.delivered + lease.delivered,
  paid: side.paid + lease.paid,
  paidNano: side.paidNano + lease.paidNano,
  unpaidNano: side.unpaidNano + lease.unpaidNano,
  windowNano: side.windowNano + ('windowNano' in lease ? lease.windowNano : 0),
  claimedNano: side.claimedNano + lease.claimedNano,
});

const recordsOf = (status: AgentStatus | null): (LeaseStatus | EndedStatus)[] =>
  status === null ? [] : [...status.ended, ...status.leases];

/** Hexadecimal ids of the leases that the buyer has or had for its demand. */
export const leasesFor = (farm: AgentStatus | null, demand: string): string[] =>
  recordsOf(farm)
    .filter((lease) => lease.role === 'purchase' && lease.name === demand && lease.lease !== '')
    .map((lease) => lease.lease);

export const sumOf = (leases: readonly (LeaseStatus | EndedStatus)[]): Side => leases.reduce(added, NOTHING);

const sideOf = (status: AgentStatus | null, role: LeaseStatus['role'], leases: readonly string[]): Side =>
  sumOf(recordsOf(status).filter((lease) => lease.role === role && leases.includes(lease.lease)));

export const sellerSide = (station: AgentStatus | null, leases: readonly string[]): Side =>
  sideOf(station, 'sale', leases);
export const buyerSide = (farm: AgentStatus | null, leases: readonly string[]): Side =>
  sideOf(farm, 'purchase', leases);
