/** The sentences that a person reads when a port does not open: with the system's own binding where that can be had. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Binding, openPort } from '../../firmware-bridge/port.ts';
import { openPty } from '../../hardware/bench/pty.ts';

const EVENTS = { onData: () => {}, onClose: () => {} };

/** A system that refuses with these words. */
const refusing = (words: string): Binding => ({
  list: async () => [],
  open: async ({ path }) => {
    throw new Error(`Error: ${words}, cannot open ${path}`);
  },
});

const refusal = async (path: string, binding?: Binding): Promise<string> => {
  const port = await openPort({ path, baudRate: 115_200, ...(binding && { binding }) }, EVENTS);
  if (port.ok) await port.value.close();
  return port.ok ? 'opened' : `${port.code}: ${port.detail}`;
};

const port = suite('openPort');

port('names a port that is not there', async () =>
  assert.match(
    await refusal('/dev/ttyNowhere'),
    /^port-missing: no serial port \/dev\/ttyNowhere: plug the board in/,
  ),
);

port('names the group that may open a port', async () => {
  const denied = refusing('Permission denied');
  assert.match(
    await refusal('/dev/null', denied),
    /^port-denied: no permission for \/dev\/null: .* -aG root/,
  );
  assert.match(await refusal('/dev/ttyNowhere', denied), /-aG dialout/);
});

port('names a port that another program has open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'port-'));
  const link = join(folder, 'board.tty');
  const pty = await openPty({ link, ...EVENTS });
  assert.ok(pty.ok);
  const first = await openPort({ path: link, baudRate: 115_200 }, EVENTS);
  assert.ok(first.ok);
  assert.match(await refusal(link), /^port-in-use: .*board\.tty is in use by another program/);
  await first.value.close();
  assert.is(await refusal(link), 'opened');
  pty.value.close();
  rmSync(folder, { recursive: true });
});

port('passes on what the system says otherwise', async () =>
  assert.match(
    await refusal('/dev/ttyTest0', refusing('Input/output error')),
    /^device-failed: .*Input\/output error/,
  ),
);

port.run();
