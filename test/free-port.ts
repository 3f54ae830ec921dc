/** A port for a server of a test's own. */

import { createServer } from 'node:net';

/** Below what systems give by themselves to connections and to servers on port 0: nobody takes it before its server does. */
const FIRST = 20_000;
const PORTS = 12_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

const given = new Set<number>();

export const freePort = async (): Promise<number> => {
  const port = FIRST + Math.floor(Math.random() * PORTS);
  if (given.has(port) || !(await isFree(port))) return freePort();
  given.add(port);
  return port;
};
