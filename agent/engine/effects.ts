/**
 * What the pure engine is told and what it asks for. One sale or one purchase is one state, and
 * `step(ports, state, event, nowMs) -> {state, effects}` owns it: the state that goes in is the one that
 * comes out.
 *
 * The shell's part of the contract:
 * - It performs effects in order; every `journal` of a turn is written before anything of that turn is sent.
 * - It sends a `flush` when the events that came together have all been stepped, so that one tick pays for
 *   all of them, and a `timer` four times a second.
 * - It hands marks back, in order, when the disk holds their records (`durable`); it may leave some out.
 * - A `request` waits until the disk holds every record before it: what a settler has seen is not forgotten.
 * - A `stream` or `request` that cannot be sent is dropped: the engine repeats what was not answered.
 * - `nowMs` is trusted time, milliseconds since 1970, and never goes back.
 */

import type { Crypto, Signer } from '../../schemas/crypto.ts';
import type { Evidence } from '../../schemas/evidence.ts';
import type { Request } from '../../schemas/request.ts';
import type { Value } from '../../schemas/senml.ts';
import type { Statement } from '../../schemas/statement.ts';

export type Ports = { readonly crypto: Crypto; readonly signer: Signer };

/** What the disk holds once a record is durable. Made by the engine; the shell hands it back unread. */
export type Mark = {
  /** Sale: the total of `evidence`. */
  readonly totalNano: number;
  readonly evidence: Evidence | null;
  /** Readings journalled so far. */
  readonly readings: number;
  /** Purchase: the newest chain whose last link is journalled. */
  readonly chainSeq: number;
  /** Sale: the agreed statement is journalled. */
  readonly agreed: boolean;
};

export const NO_MARK: Mark = { totalNano: 0, evidence: null, readings: 0, chainSeq: 0, agreed: false };

export type Event =
  /** A message on the other side's topic of this lease, as received. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** An answer to a request of ours. */
  | { readonly kind: 'reply'; readonly request: Request }
  /** A reading of the leased capability (sale only). */
  | { readonly kind: 'reading'; readonly value: Value; readonly atMs: number }
  | { readonly kind: 'durable'; readonly mark: Mark }
  | { readonly kind: 'connected' }
  | { readonly kind: 'flush' }
  | { readonly kind: 'timer' }
  /** End the lease and settle. */
  | { readonly kind: 'stop'; readonly reason: string };

export type Effect =
  | { readonly kind: 'journal'; readonly record: Uint8Array; readonly mark: Mark }
  /** To our topic of this lease. */
  | { readonly kind: 'stream'; readonly bytes: Uint8Array }
  /** A `flush` now, before the rest of what came in. */
  | { readonly kind: 'prompt' }
  | { readonly kind: 'request'; readonly to: 'seller' | 'settler'; readonly request: Request }
  /** A reading that was bought, once per sequence number, in order (purchase only). */
  | { readonly kind: 'bought'; readonly seq: number; readonly value: Value; readonly atMs: number }
  /** The purchase has a lease from here on: subscribe to the seller's topic of it. */
  | { readonly kind: 'leased'; readonly lease: Uint8Array }
  /** Something a person should read. */
  | { readonly kind: 'notice'; readonly code: string; readonly detail: string }
  /** Both signed. */
  | {
      readonly kind: 'agreed';
      readonly lease: Uint8Array;
      readonly statement: Statement;
      readonly bytes: Uint8Array;
    }
  /** Nothing is left to do. The shell forgets the state. */
  | { readonly kind: 'ended'; readonly reason: string };

export type Step<S> = { readonly state: S; readonly effects: Effect[] };

/** Readings that may be delivered or paid ahead of the disk (DESIGN: lag). The other half, 10 ms, is the journal's. */
export const LAG_READINGS_MAX = 256;
/** Delivery stops this long before a channel expires, so that the last claim is in time. */
export const EXPIRY_MARGIN_S = 60;
/** A silent line is spoken to again after this, and after twice as long each time, up to the maximum. */
export const REPEAT_MS = 1000;
export const REPEAT_MS_MAX = 60000;
