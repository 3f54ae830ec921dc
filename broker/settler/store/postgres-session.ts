/** A connection to PostgreSQL that is made anew after it was lost: a server restarts in seconds. */

import { isConnectionLost, type PostgresLink, postgresCodeOf } from './postgres-driver.ts';

export type PostgresSession = {
  /** A living connection, waited for so long where the server is away. Throws `PostgresError`. */
  readonly link: (patienceMs: number) => Promise<PostgresLink>;
  readonly close: () => Promise<void>;
};

/** Between two attempts, doubling: soon enough to be quick, seldom enough for a server that is starting. */
const RETRY_MS_MIN = 25;
const RETRY_MS_MAX = 800;

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Away, starting, or with no connection to spare: soon that may be otherwise. A wrong password stays wrong. */
const mayPass = (error: unknown): boolean => isConnectionLost(error) || postgresCodeOf(error) === 'busy';

export const openSession = (connect: () => Promise<PostgresLink>): PostgresSession => {
  let current: PostgresLink | undefined;
  const connectPatiently = async (patienceMs: number): Promise<PostgresLink> => {
    const untilMs = performance.now() + patienceMs;
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(2 * retryMs, RETRY_MS_MAX)) {
      try {
        return await connect();
      } catch (error) {
        if (!mayPass(error) || performance.now() + retryMs > untilMs) throw error;
        await delay(retryMs);
      }
    }
  };
  return {
    link: async (patienceMs) => {
      if (current?.isLost() === true) {
        await current.close();
        current = undefined;
      }
      current ??= await connectPatiently(patienceMs);
      return current;
    },
    close: async () => {
      await current?.close();
      current = undefined;
    },
  };
};
