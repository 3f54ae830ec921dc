/** Jobs for a device that does one thing after the other. */

import { type Result, refuse } from '../schemas/result.ts';

/** More wait only for a program that runs away. */
const WAITING_MAX = 16;

export class Queue {
  readonly #full: string;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `full` follows the number of those that wait, for whoever comes too late. */
  constructor(full: string) {
    this.#full = full;
  }

  /** What the job answers, when those before it have ended. Code: busy. */
  async run<T>(job: () => Promise<Result<T>> | Result<T>): Promise<Result<T>> {
    if (this.#waiting >= WAITING_MAX) return refuse('busy', `${WAITING_MAX} ${this.#full}`);
    this.#waiting++;
    const answer = this.#last.then(job);
    this.#last = answer;
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }
}
