/** So many at once, then one in a while: for what strangers and broken devices could cause without end. */

export class Allowance {
  readonly #burst: number;
  readonly #everyMs: number;
  /** When the next is earned; as long ago as a burst takes at most. */
  #fromMs = Number.NEGATIVE_INFINITY;

  constructor(burst: number, everyMs: number) {
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  /** False where there is none left: then nothing is counted. `nowMs` on any clock that only rises. */
  take(nowMs: number): boolean {
    if (nowMs < this.#fromMs) return false;
    this.#fromMs = Math.max(this.#fromMs, nowMs - (this.#burst - 1) * this.#everyMs) + this.#everyMs;
    return true;
  }
}
