/** A long work tells how far it is, and may be ended there. */

/**
 * Awaited after each page, when nothing is half done: `done` rows of so many, where that is known; 0 where nothing is
 * counted. `what` says of what. Throws `Interrupted` where the work is to end.
 */
export type Watch = (what: string, done: number, of?: number) => Promise<void>;

export class Interrupted extends Error {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

export const UNWATCHED: Watch = async () => undefined;
