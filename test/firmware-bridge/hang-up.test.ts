import { closeSync, openSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endAtHangUp } from '../../firmware-bridge/hang-up.ts';

/** A port as serialport's binding has it, on a file. */
const portOn = (path: string) => {
  const port = {
    fd: openSync(path, 'r') as number | null,
    poller: { once: () => assert.unreachable('it waited') },
    read: async (_buffer: Buffer, _offset: number, _length: number): Promise<{ bytesRead: number }> => ({
      bytesRead: -1,
    }),
  };
  endAtHangUp(port);
  return port;
};

const answer = (reading: Promise<{ bytesRead: number }>): Promise<string> =>
  reading.then(
    ({ bytesRead }) => `${bytesRead} bytes`,
    (error: Error & { canceled?: boolean }) =>
      `${error.message}${error.canceled === true ? ', canceled' : ''}`,
  );

const hangUp = suite('endAtHangUp');

hangUp('reads what there is, and fails where the system answers with nothing', async () => {
  const full = portOn('/dev/zero');
  assert.is(await answer(full.read(Buffer.alloc(8), 2, 4)), '4 bytes');
  const ended = portOn('/dev/null');
  assert.is(await answer(ended.read(Buffer.alloc(8), 0, 8)), 'the line was hung up');
  closeSync(full.fd!);
  closeSync(ended.fd!);
});

hangUp('is canceled where the port was closed', async () => {
  const port = portOn('/dev/null');
  closeSync(port.fd!);
  port.fd = null;
  assert.is(await answer(port.read(Buffer.alloc(8), 0, 8)), 'the port is closed, canceled');
});

hangUp('leaves ports alone that are not of the system', () => {
  const port = { isOpen: true };
  endAtHangUp(port);
  assert.equal(port, { isOpen: true });
});

hangUp.run();
