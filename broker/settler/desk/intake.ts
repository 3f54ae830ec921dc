/**
 * Group commit: requests that arrive while a commit is under way, or within a moment of each other, share
 * the next one. A durable commit costs milliseconds; what it carries costs microseconds.
 */

import { type Result, refuse } from '../../../schemas/result.ts';

type Waiting<T, A> = {
  readonly task: T;
  /** Checks of its own, beside the transactions of others. It never rejects. */
  readonly ready: Promise<void> | undefined;
  readonly answer: (answer: Result<A>) => void;
};

export type Intake<T, A> = {
  /** Booked in the order of asking, once it is `ready`, and answered after the commit. Code of the intake itself: busy. */
  readonly add: (task: T, ready?: Promise<void>) => Promise<Result<A>>;
  /** Resolves when everything added so far is answered; from now on additions are refused. */
  readonly close: () => Promise<void>;
};

/** `runBatch` answers each of its tasks, in their order. It never rejects. */
export const createIntake = <T, A>(
  limits: { readonly lingerMs: number; readonly batchMax: number; readonly queueMax: number },
  runBatch: (tasks: readonly T[]) => Promise<readonly Result<A>[]>,
): Intake<T, A> => {
  let queue: Waiting<T, A>[] = [];
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, limits.batchMax);
      queue = queue.slice(limits.batchMax);
      await Promise.all(batch.map((waiting) => waiting.ready));
      const answers = await runBatch(batch.map((waiting) => waiting.task));
      batch.forEach((waiting, i) => {
        waiting.answer(answers[i]!);
      });
    }
  };

  const start = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running ??= drain().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    add: (task, ready) => {
      if (closed) return Promise.resolve(refuse('busy', 'the settler is shutting down: ask again later'));
      if (queue.length >= limits.queueMax) {
        return Promise.resolve(refuse('busy', `${queue.length} requests wait: ask again in a second`));
      }
      return new Promise((answer) => {
        queue.push({ task, ready, answer });
        if (running !== undefined) return;
        if (queue.length >= limits.batchMax) void start();
        else timer ??= setTimeout(start, limits.lingerMs);
      });
    },
    close: async () => {
      closed = true;
      await start();
    },
  };
};
