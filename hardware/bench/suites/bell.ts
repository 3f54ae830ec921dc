/** Somebody waits until something holds; whoever changes it rings. */

/** A check that does not hold: the sentence says what was expected and what came. */
export class Failure extends Error {}

export const expect = (holds: boolean, sentence: string): void => {
  if (!holds) throw new Failure(sentence);
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Bell {
  #waiting: (() => void)[] = [];

  ring(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Fails with `sentence` when it does not hold in time. */
  async until(holds: () => boolean, timeoutMs: number, sentence: () => string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.ring();
    }, timeoutMs);
    while (!holds() && !late) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(timer);
    expect(holds(), `${sentence()} (waited ${timeoutMs} ms)`);
  }
}
