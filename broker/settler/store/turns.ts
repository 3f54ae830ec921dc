/** One at a time, in the order of asking: a connection carries one transaction. */

export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

export const takeTurns = (): Turns => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    // The next in line waits for this one to end, however it ends; who asked hears how.
    last = turn.catch(() => undefined);
    return turn;
  };
};
