/**
 * How often readings are wanted of a device that cannot be asked: the others are left out.
 *
 * A device that speaks every 10 s speaks after 9.9 s now and then: a tenth of the period early is in time,
 * and the next reading is due a period after this one was, so that never more come than were asked for.
 */

import { ok, type Result, refuse } from '../schemas/result.ts';
import { PERIOD_MS_MAX } from '../schemas/serial.ts';

type Wish = { readonly periodMs: number; dueMs: number };

export class Thinning {
  /** By channel; all readings are wanted of the others. */
  readonly #wishes = new Map<number, Wish>();

  /** 0 stops the readings of a channel. Code: value-out-of-range. */
  set(channel: number, periodMs: number): Result<void> {
    if (!Number.isInteger(periodMs) || periodMs < 0 || periodMs > PERIOD_MS_MAX)
      return refuse(
        'value-out-of-range',
        `a period is a whole number from 0 to ${PERIOD_MS_MAX} ms, not ${periodMs}`,
      );
    this.#wishes.set(channel, { periodMs, dueMs: Number.NEGATIVE_INFINITY });
    return ok(undefined);
  }

  /** Whether a reading that comes now is wanted. */
  take(channel: number, nowMs: number): boolean {
    const wish = this.#wishes.get(channel);
    if (wish === undefined) return true;
    const { periodMs, dueMs } = wish;
    if (periodMs === 0 || nowMs < dueMs - periodMs / 10) return false;
    wish.dueMs = Math.max(dueMs, nowMs) + periodMs;
    return true;
  }
}
