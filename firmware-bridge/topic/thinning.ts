/**
 * How often readings are wanted of a device that cannot be asked: the others are left out.
 *
 * A device that speaks every 10 s speaks after 9.9 s now and then: a tenth of the period early is in time,
 * and the next reading is due a period after this one was, so that never more come than were asked for.
 */

type Wish = { readonly periodMs: number; dueMs: number };

export class Thinning {
  /** By channel; all readings are wanted of the others. */
  readonly #wishes = new Map<number, Wish>();

  /** 0 stops the readings of a channel. */
  set(channel: number, periodMs: number): void {
    this.#wishes.set(channel, { periodMs, dueMs: Number.NEGATIVE_INFINITY });
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
