/**
 * What the pure engine is told and what it asks for. One sale or one purchase is one state, and
 * `step(state, event, nowMs) -> {state, effects}` owns it: the state that goes in is the one that comes out.
 *
 * The shell's part of the contract:
 * - It performs effects in order; every `journal` of a turn is written before anything of that turn is sent.
 * - It sends a `flush` when the messages that arrived together have all been stepped, so that one tick pays
 *   for all of them, and a `timer` four times a second.
 * - It reports marks back, in order, when the disk holds their records (`durable`); it may leave some out.
 * - A `stream` or `request` that cannot be sent is dropped: the engine repeats what was not answered.
 */

import type { Request } from '../../schemas/request.ts';
import type { Value } from '../../schemas/senml.ts';
import type { Statement } from '../../schemas/statement.ts';

/** What the disk must have seen before the engine counts it. The shell hands it back unread. */
export type Mark = { readonly totalNano: number; readonly readings: number };

export type Event =
  /** A message on the other side's topic of this lease, as received. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** An answer to a request of ours, or a request of the settler or the other party. */
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
  | { readonly kind: 'journal'; readonly record: Uint8Array; readonly mark: Mark | null }
  /** To our topic of this lease. */
  | { readonly kind: 'stream'; readonly bytes: Uint8Array }
  | { readonly kind: 'request'; readonly to: 'seller' | 'settler'; readonly request: Request }
  /** A reading that was bought, once per sequence number, in order (purchase only). */
  | { readonly kind: 'bought'; readonly seq: number; readonly value: Value; readonly atMs: number }
  /** The lease has a topic from here on: subscribe to the other side's. */
  | { readonly kind: 'leased'; readonly lease: Uint8Array }
  /** Something a person should read. */
  | { readonly kind: 'notice'; readonly code: string; readonly detail: string }
  /** Both signed. */
  | { readonly kind: 'agreed'; readonly lease: Uint8Array; readonly statement: Statement; readonly bytes: Uint8Array }
  /** Nothing is left to do: final receipt held, or the lease never came about. The shell forgets the state. */
  | { readonly kind: 'ended'; readonly reason: string };
