/** Fewer system calls: what one turn of the event loop has for a client leaves in one write. */

import type { Duplex } from 'node:stream';

/**
 * aedes writes each message by itself, and on a busy broker those calls cost more than all else together. A
 * method of the one stream, as in `packets.ts`: a stream between would copy every message once more.
 */
export const gatherWrites = (connection: Duplex): void => {
  const write = connection.write;
  let gathering = false;
  connection.write = function (this: Duplex, ...args: Parameters<Duplex['write']>) {
    if (!gathering) {
      gathering = true;
      connection.cork();
      setImmediate(() => {
        gathering = false;
        connection.uncork();
      });
    }
    return write.apply(this, args);
  } as Duplex['write'];
};
