/** What an agent says about itself to its owner: unsigned, for people and for dashboards. */

import type { DeviceHealth } from '../firmware-bridge/device.ts';
import type { Backing } from '../schemas/grant.ts';
import type { MeterState } from '../schemas/serial.ts';
import type { OwnerStatus } from './owner/status.ts';

/** One side of a lease. The seller and the buyer of it count for themselves. */
export type LeaseStatus = {
  /** Hexadecimal. */
  readonly lease: string;
  readonly role: 'sale' | 'purchase';
  /** Capability that is sold, or name of the demand it is bought for. */
  readonly name: string;
  /** Id of the other side. */
  readonly peer: string;
  readonly phase: string;
  readonly unit: string;
  readonly currency: string;
  /** Of the first reading. */
  readonly priceNano: number;
  readonly readingsMax: number;
  /** Readings: sent by the seller, or received by the buyer in one row. */
  readonly delivered: number;
  /** Readings that the verified (seller) or released (buyer) total pays for. */
  readonly paid: number;
  readonly paidNano: number;
  /** Of `paidNano`, what the disk of this side holds. A seller that crashes forgets the rest. */
  readonly durableNano: number;
  /** Delivered and not yet paid for, and the most that this may become. */
  readonly unpaidNano: number;
  readonly windowNano: number;
  /** What the settler has booked, as far as this side knows. */
  readonly claimedNano: number;
  readonly disputed: number;
  /** Of the channel's grant; null while there is none. */
  readonly backing: Backing | null;
  /** 'deposit: nobody', 'guaranteed: the settler', 'bilateral: the payee'; '' while there is no grant. */
  readonly defaultBorneBy: string;
};

/** A lease that is over, as the archive keeps it. */
export type EndedStatus = {
  readonly lease: string;
  readonly role: 'sale' | 'purchase';
  readonly name: string;
  readonly delivered: number;
  readonly paid: number;
  readonly paidNano: number;
  readonly claimedNano: number;
  readonly unpaidNano: number;
  readonly currency: string;
  readonly reason: string;
  /** Both signed; null where a lease ended without a statement. */
  readonly statement: Uint8Array | null;
};

export type DemandStatus = {
  readonly name: string;
  readonly state: 'searching' | 'leased' | 'done';
  readonly detail: string;
  /** The newest values bought, oldest first, as decimals. */
  readonly values: readonly string[];
};

export type DeviceStatus = {
  readonly name: string;
  readonly ready: boolean;
  readonly detail: string;
  /** What its line has done to frames since it was opened; null before. */
  readonly health: DeviceHealth | null;
  /** The board's own trouble since it came online, in sentences. */
  readonly faults: readonly string[];
  /** What it said that was of no use since it came online, and why: the newest of each code. */
  readonly refused: readonly string[];
  /** Of a board that delivers on credit: what its meter said last. */
  readonly meter: MeterState | null;
};

export type RuleStatus = {
  readonly name: string;
  readonly on: string;
  readonly wanted: 'open' | 'closed';
  /** What the device has acknowledged since it was last told, or null. */
  readonly acknowledged: 'open' | 'closed' | null;
  readonly reason: string;
  readonly switches: number;
  /** Decimals, in the unit of what is bought. */
  readonly openAt: string;
  readonly closeAt: string;
  /** Whether it was wanted open after each of the newest values, oldest first. */
  readonly recent: readonly boolean[];
};

/** Messages of leases that this agent has sent. */
export type Traffic = {
  readonly messages: number;
  /** Payloads alone. */
  readonly payloadBytes: number;
  /** Whole MQTT packets. */
  readonly packetBytes: number;
};

export type Notice = { readonly atMs: number; readonly code: string; readonly detail: string };

export type AgentStatus = {
  readonly id: string;
  readonly did: string;
  readonly uptimeMs: number;
  readonly connected: boolean;
  readonly timeProven: boolean;
  /** Why nothing is sold or bought now, or null. */
  readonly blocked: string | null;
  readonly devices: readonly DeviceStatus[];
  readonly leases: readonly LeaseStatus[];
  readonly demands: readonly DemandStatus[];
  readonly ended: readonly EndedStatus[];
  readonly rules: readonly RuleStatus[];
  readonly owner: OwnerStatus;
  readonly traffic: Traffic;
  readonly notices: readonly Notice[];
};
