/** What an agent tells the market, retained on the broker: its profile and its demand. */

import type { Signer } from '../schemas/crypto.ts';
import { signProfile } from '../schemas/profile.ts';
import { demandTopic, profileTopic } from '../schemas/topic.ts';
import { Allowance } from './allowance.ts';
import type { Buying } from './buying.ts';
import type { Connection } from './connection.ts';
import type { Selling } from './selling.ts';

/** A device that comes and goes without end is not the market's trouble. */
const PROFILES_MAX = 8;
const PROFILE_MS = 1000;

export type PublishingPorts = {
  readonly id: string;
  readonly signer: Signer;
  /** Root keys of the settlers whose grants count here. */
  readonly settlers: readonly Uint8Array[];
  readonly connection: Connection;
  readonly selling: Selling;
  readonly buying: Buying;
  /** In the configuration: who sells or buys nothing says nothing. */
  readonly offers: number;
  readonly wishes: number;
  /** Trusted time, or null while it is not known: then nothing is signed. */
  readonly nowMs: () => number | null;
};

export class Publishing {
  private readonly ports: PublishingPorts;
  private readonly profiles = new Allowance(PROFILES_MAX, PROFILE_MS);
  /** What is on offer has changed since it was published. */
  private isDue = false;

  constructor(ports: PublishingPorts) {
    this.ports = ports;
  }

  /** The broker may have forgotten all of it. */
  onConnected(): void {
    this.profile();
    this.demand();
  }

  /** At once, but for one that changes without end. */
  onOfferChanged(): void {
    this.isDue = true;
    this.onTimer();
  }

  onTimer(): void {
    if (this.isDue && this.profiles.take(performance.now())) this.profile();
  }

  demand(): void {
    const { id, buying, connection, wishes } = this.ports;
    const nowMs = this.ports.nowMs();
    if (nowMs === null || wishes === 0) return;
    const demand = buying.demand(Math.floor(nowMs / 1000), nowMs) ?? new Uint8Array(0);
    connection.publish(demandTopic(id), demand, { retain: true });
  }

  private profile(): void {
    const { id, signer, settlers, selling, connection, offers } = this.ports;
    const nowMs = this.ports.nowMs();
    if (nowMs === null || offers === 0) return;
    this.isDue = false;
    const profile = signProfile(Math.floor(nowMs / 1000), nowMs, settlers, selling.capabilities(), signer);
    connection.publish(profileTopic(id), profile, { retain: true });
  }
}
