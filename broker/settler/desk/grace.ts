/**
 * The grace after expiry, in which a payee may still claim, and the downtime that does not count in it.
 *
 * Intake is continuous while two signs of life lie at most a gap apart. A release needs a whole grace of
 * continuous intake after the expiry: `max(expiry, intake since) + grace`. A clock that leaps forward looks
 * like downtime, so it releases nothing.
 */

import type { ChannelRow } from '../store/store.ts';

/** Both arguments as the database keeps them: decimal milliseconds, undefined in a new one. */
export const intakeSince = (
  since: string | undefined,
  last: string | undefined,
  timeMs: number,
  gapMs: number,
): number => (since === undefined || timeMs - Number(last ?? 0) > gapMs ? timeMs : Number(since));

/** When the rest of an open channel may go back to its payer, in ms. */
export const releasableMs = (channel: ChannelRow, intakeSinceMs: number, graceMs: number): number =>
  Math.max(channel.expiryS * 1000, intakeSinceMs) + graceMs;
