/** The sentences that a person reads when a port does not open: with the system's own binding where that can be had. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** A group to whom this user may give a file, and its number. */
const someGroup = (): readonly [string, number] => {
  const groups = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const own = process.getgid!();
  const [name, , gid] = groups.find((group) =>
    own === 0 ? Number(group[2]) > 0 : Number(group[2]) === own,
  )!;
  return [name!, Number(gid)];
};

port('names the group that may open a port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'port-'));
  const path = join(folder, 'board');
  const [group, gid] = someGroup();
  writeFileSync(path, '');
  chownSync(path, process.getuid!(), gid);
  chmodSync(path, 0o660);
  const denied = refusing('Permission denied');
  const remedy = `sudo usermod -aG ${group} "$USER", then log in again`;
  assert.is(await refusal(path, denied), `port-denied: no permission for ${path}: ${remedy}`);
  assert.match(await refusal('/dev/ttyNowhere', denied), /-aG dialout/);
  rmSync(folder, { recursive: true });
});

port('advises nobody to join root, where no group may open a port', async () =>
  assert.match(
    await refusal('/dev/null', refusing('Permission denied')),
    /^port-denied: .*no group may open it \(is udev there\?\): sudo chown "\$USER" \/dev\/null$/,
  ),
);

port('says of a file or a folder that it is no serial port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'port-'));
  writeFileSync(join(folder, 'file'), '');
  for (const path of [folder, join(folder, 'file')])
    assert.match(await refusal(path), `device-failed: ${path} is no serial port: name the board's`);
  rmSync(folder, { recursive: true });
});

port('takes no word of a path for a reason', async () =>
  assert.match(
    await refusal('/dev/busy-clock-lock', refusing('Input/output error')),
    /^device-failed: \/dev\/busy-clock-lock cannot be opened: Input\/output error/,
  ),
);

const withPty = (body: (link: string) => Promise<void>) => async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'port-'));
  const link = join(folder, 'board.tty');
  const pty = await openPty({ link, ...EVENTS });
  assert.ok(pty.ok);
  try {
    await body(link);
  } finally {
    pty.value.close();
    rmSync(folder, { recursive: true });
  }
};

port(
  'tells a program that it has the port open already',
  withPty(async (link) => {
    const first = await openPort({ path: link, baudRate: 115_200 }, EVENTS);
    assert.ok(first.ok);
    assert.match(await refusal(link), /^port-in-use: .*board\.tty is in use by this very program/);
    await first.value.close();
    assert.is(await refusal(link), 'opened');
  }),
);

port(
  'names the process that has the port open',
  withPty(async (link) => {
    const child = spawn('flock', [link, 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    assert.match(
      await refusal(link),
      new RegExp(`^port-in-use: .* by process ${child.pid} \\(flock\\): end it`),
    );
    child.stdin!.end();
    await once(child, 'exit');
    assert.is(await refusal(link), 'opened');
  }),
);

port('says how to find a holder that cannot be seen', async () =>
  assert.match(
    await refusal('/dev/ttyTest0', refusing('Cannot lock port')),
    /^port-in-use: .*another program \(sudo fuser \/dev\/ttyTest0 tells which\)/,
  ),
);

port('passes on what the system says otherwise', async () =>
  assert.match(
    await refusal('/dev/ttyTest0', refusing('Input/output error')),
    /^device-failed: .*Input\/output error/,
  ),
);

port.run();
