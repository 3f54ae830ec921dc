/** Time, which goes from event to event: the earliest first; of those at one time, in the order they were added. */

import { START_MS } from '../world/options.ts';

export type Act = () => void | Promise<void>;
type Due = { readonly atMs: number; readonly order: number; readonly act: Act };

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class Timeline {
  /** Milliseconds since 1970, the true ones. */
  nowMs = START_MS;
  events = 0;
  /** A binary heap. */
  private readonly heap: Due[] = [];
  private added = 0;

  after(delayMs: number, act: Act): void {
    this.at(this.nowMs + delayMs, act);
  }

  at(atMs: number, act: Act): void {
    const { heap } = this;
    const due = { atMs: Math.max(atMs, this.nowMs), order: this.added++, act };
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent]!, due)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = due;
  }

  /** Everything up to then happens. */
  async run(untilMs: number): Promise<void> {
    for (let due = this.take(untilMs); due !== undefined; due = this.take(untilMs)) {
      this.nowMs = due.atMs;
      this.events++;
      const acting = due.act();
      // Most acts are done at once: waiting for them would cost more than they do.
      if (acting !== undefined) await acting;
    }
    this.nowMs = untilMs;
  }

  private take(untilMs: number): Due | undefined {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined || first.atMs > untilMs) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(due: Due): void {
    const { heap } = this;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(due, heap[child]!)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = due;
  }
}
