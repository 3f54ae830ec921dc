/**
 * The numbers of readings, by channel: what is missing was lost, and what does not rise is not delivered again. After a
 * greeting a channel may begin anew: its board may have been reset while nobody looked.
 */

export class Sequences {
  readonly #next = new Map<number, number>();
  readonly #fresh = new Set<number>();

  greeted(channels: Iterable<number>): void {
    for (const channel of channels) this.#fresh.add(channel);
  }

  /** It is another board. */
  forget(): void {
    this.#next.clear();
  }

  /** How many readings were lost before this one; -1 where it is no later than one that was taken. */
  take(channel: number, seq: number): number {
    const expected = this.#next.get(channel) ?? seq;
    const isFresh = this.#fresh.delete(channel);
    if (seq < expected && !isFresh) return -1;
    this.#next.set(channel, seq + 1);
    return Math.max(seq - expected, 0);
  }
}
