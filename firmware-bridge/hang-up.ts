/**
 * The end of a line that was hung up: unplugged, or the other end of a pseudo-terminal is gone. The system then
 * answers each read at once with no byte. serialport 13 takes that for "not yet" and asks again for ever, with
 * a whole processor and ever more memory, and never tells that the port is lost.
 */

import { read } from 'node:fs';
import { promisify } from 'node:util';

const readAsync = promisify(read);

/** What serialport has on Linux and macOS; its mock and other bindings of ours are none. */
type SystemPort = {
  readonly fd: number | null;
  readonly poller: { once(event: 'readable', callback: (error: Error | null) => void): unknown };
  read: (buffer: Buffer, offset: number, length: number) => Promise<{ buffer: Buffer; bytesRead: number }>;
};

const isSystemPort = (port: object): port is SystemPort => 'fd' in port && 'poller' in port;

const NOT_YET = ['EAGAIN', 'EWOULDBLOCK', 'EINTR'];

const readable = ({ poller }: SystemPort): Promise<void> =>
  new Promise((resolve, reject) => {
    poller.once('readable', (error) => (error ? reject(error) : resolve()));
  });

/** Undefined where there is nothing to read yet. */
const readNow = async (port: SystemPort, ...into: [Buffer, number, number]): Promise<number | undefined> => {
  try {
    return (await readAsync(port.fd!, ...into, null)).bytesRead;
  } catch (error) {
    if (NOT_YET.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
};

/** Makes reads of an open port fail when its line is hung up; whoever reads closes the port then. */
export const endAtHangUp = (port: object): void => {
  if (!isSystemPort(port)) return;
  port.read = async (buffer, offset, length) => {
    while (port.fd !== null) {
      const bytesRead = await readNow(port, buffer, offset, length);
      if (bytesRead === 0) throw new Error('the line was hung up');
      if (bytesRead !== undefined) return { buffer, bytesRead };
      if (port.fd !== null) await readable(port);
    }
    throw Object.assign(new Error('the port is closed'), { canceled: true });
  };
};
