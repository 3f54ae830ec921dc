/** The end of a program that serves until it is told to stop. */

/** Resolves at SIGINT, SIGTERM or SIGHUP; later ones find the program ending already. */
export const ended = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
