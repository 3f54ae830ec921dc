/** The wait between two attempts: short, then ever longer. */

/** In milliseconds, doubled from first to longest. */
export type BackoffMs = { readonly first: number; readonly max: number };

const BACKOFF: BackoffMs = { first: 100, max: 10_000 };

export class Backoff {
  readonly #ms: BackoffMs;
  #nextMs: number;

  constructor(ms: Partial<BackoffMs> = {}) {
    this.#ms = { ...BACKOFF, ...ms };
    this.#nextMs = this.#ms.first;
  }

  nextMs(): number {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(2 * waitMs, this.#ms.max);
    return waitMs;
  }

  /** The last attempt was a good one. */
  reset(): void {
    this.#nextMs = this.#ms.first;
  }
}
