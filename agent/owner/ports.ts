/** What everything here asks of the agent around it. */

import type { Crypto, Signer } from '../../schemas/crypto.ts';
import { settlerTopic, shardOf } from '../../schemas/topic.ts';
import type { Papers } from './papers.ts';
import type { Questions } from './questions.ts';

export type OwnerPorts = {
  readonly crypto: Crypto;
  readonly signer: Signer;
  /** Id of this agent. */
  readonly self: string;
  readonly papers: Papers;
  readonly questions: Questions;
  readonly monotonicMs: () => number;
  /** Something a person should read. */
  readonly notice: (code: string, detail: string) => void;
};

/** Where a settler is asked about a channel, or about what a key has signed (requests.md rule 6). */
export const settlerTopicFor = (ports: OwnerPorts, channelOrKey: Uint8Array): string =>
  settlerTopic(shardOf(channelOrKey), ports.self);

/** Versions are seconds where they can be: so one rises also where what was signed before is forgotten. */
export const nextVersion = (last: number, nowMs: number): number =>
  Math.max(last + 1, Math.floor(nowMs / 1000));
