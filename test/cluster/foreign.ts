/** A broker of another make, as tests see it: Mosquitto, or a cluster of NATS nodes. */

import type { Role } from '../../broker/settler/cluster/broker-user.ts';
import { idOf } from '../../schemas/identity.ts';
import { crypto, signerOf } from '../agent/market.ts';

export type ForeignBroker = {
  /** For agents and workers, without TLS: while a node lives, it is there. */
  readonly url: string;
  /** One for each node. */
  readonly urls: readonly string[];
  /** kill -9; of a cluster the node with that number. */
  readonly kill: (node?: number) => Promise<void>;
  readonly start: (node?: number) => Promise<void>;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
};

export const idOfSeed = (seed: number): string => idOf(signerOf(seed).key, crypto.sha256);
export const passwordOf = (seed: number): string => `password of ${seed}`;

export const userOf = (seed: number, role: Role = 'agent') => ({
  id: idOfSeed(seed),
  role,
  password: passwordOf(seed),
});
