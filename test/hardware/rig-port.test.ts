/** Real boards as far as a machine without one can show: ports, power by commands, programs that are not there. */

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FaultyBinding } from '../../hardware/bench/faulty-binding.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { startRig } from '../../hardware/bench/rig/kinds.ts';
import { runProgram } from '../../hardware/bench/rig/program.ts';
import type { Rig } from '../../hardware/bench/rig/rig.ts';
import { type Board, readRigFile } from '../../hardware/bench/rig/rig-file.ts';
import type { Result } from '../../schemas/result.ts';

const folder = mkdtempSync(join(tmpdir(), 'rig-port-'));
const port = join(folder, 'uno.tty');

const boardOf = (more: string): Board => {
  const boards = readRigFile(join(folder, 'rig.yaml'), `boards:\n  - name: uno\n${more}`);
  if (!boards.ok) throw new Error(boards.detail);
  return boards.value[0]!;
};

const portBoard = (more = ''): Board => boardOf(`    kind: port\n    port: uno.tty\n${more}`);

const started = async (board: Board): Promise<Rig> => {
  const rig = await startRig(board);
  if (!rig.ok) throw new Error(rig.detail);
  return rig.value;
};

const codeOf = (result: Result<unknown> | undefined): string =>
  result === undefined ? 'none' : result.ok ? 'done' : result.code;

const ports = suite('a board at a port');

const pty = await openPty({ link: port, onData: () => {}, onClose: () => {} });
if (!pty.ok) throw new Error(pty.detail);

ports.after(() => {
  if (pty.ok) pty.value.close();
  rmSync(folder, { recursive: true, force: true });
});

ports('is absent where there is no such port', async () => {
  const absent = await startRig(boardOf('    kind: port\n    port: /dev/serial/by-id/none\n'));
  assert.is(codeOf(absent), 'port-missing');
});

ports('is flashed, reset and switched only by what the rig file gives', async () => {
  const bare = await started(portBoard('    reset: none\n'));
  assert.equal([bare.flash, bare.reset, bare.cyclePower], [undefined, undefined, undefined]);
  assert.ok(bare.steady);
  const full = await started(portBoard('    firmware: x.hex\n    hub: 1-1:2\n'));
  assert.ok(full.flash !== undefined && full.reset !== undefined && full.cyclePower !== undefined);
});

ports('is switched off and on by commands, and awaited until its port is back', async () => {
  const log = join(folder, 'switched');
  const target = pty.ok ? pty.value.path : '';
  const rig = await started(
    portBoard(
      `    powerOff: rm ${port}; echo off >> ${log}\n` +
        `    powerOn: echo on >> ${log}; (sleep 0.3; ln -s ${target} ${port}) >/dev/null 2>&1 &\n`,
    ),
  );
  assert.is(codeOf(await rig.cyclePower!()), 'done');
  assert.is(readFileSync(log, 'utf8'), 'off\non\n');
  assert.ok(existsSync(port));
  const broken = await started(
    portBoard('    powerOff: echo no such relay >&2; exit 3\n    powerOn: "true"\n'),
  );
  const refused = await broken.cyclePower!();
  assert.match(refused.ok ? '' : refused.detail, /no such relay/);
});

ports('tells that a port without DTR cannot pull a reset', async () => {
  if (!existsSync(port)) symlinkSync(pty.ok ? pty.value.path : '', port);
  const rig = await started(portBoard());
  const line = new FaultyBinding(rig.binding, 1);
  const open = await line.open({ path: port, baudRate: 115_200 });
  const refused = await rig.reset!(line);
  await open.close();
  assert.is(codeOf(refused), 'device-failed');
  assert.match(refused.ok ? '' : refused.detail, /has no DTR to reset by .*: write reset: none/);
});

ports('refuses firmware that is not there before it asks for avrdude', async () => {
  const rig = await started(portBoard('    firmware: none.hex\n'));
  const refused = await rig.flash!();
  assert.is(codeOf(refused), 'config-invalid');
  assert.match(refused.ok ? '' : refused.detail, /no firmware at .*none\.hex/);
});

const programs = suite('runProgram');

for (const [what, command, args, code, sentence] of [
  ['what a program said', 'sh', ['-c', 'echo hello'], 'done', /^hello\n$/],
  ['how to install what is not', 'no-such-program', [], 'module-missing', /not installed: apt-get install x/],
  [
    'the last words of one that fails',
    'sh',
    ['-c', 'seq 9; exit 1'],
    'device-failed',
    /failed: 7 \/ 8 \/ 9$/,
  ],
  ['that one does not end', 'sleep', ['60'], 'timeout', /did not end within 200 ms/],
] as const) {
  programs(`tells ${what}`, async () => {
    const ended = await runProgram(command, args, {
      install: 'apt-get install x',
      timeoutMs: code === 'timeout' ? 200 : 20_000,
    });
    assert.is(codeOf(ended), code);
    assert.match(ended.ok ? ended.value : ended.detail, sentence);
  });
}

const kinds = suite('boards of other kinds');

kinds('are absent where their emulator is, and refused without their program', async () => {
  const { ESPRUINO_BIN, PATH } = process.env;
  try {
    delete process.env.ESPRUINO_BIN;
    const espruino = boardOf('    kind: espruino\n    program: none.js\n');
    assert.is(codeOf(await startRig(espruino)), 'module-missing');
    process.env.ESPRUINO_BIN = process.execPath;
    assert.is(codeOf(await startRig(espruino)), 'config-invalid');
    const qemu = boardOf('    kind: qemu\n    firmware: none.hex\n');
    assert.is(codeOf(await startRig(qemu)), 'config-invalid');
    process.env.PATH = folder;
    const uno = boardOf(`    kind: simavr\n    firmware: x\n    bootloader: ${process.execPath}\n`);
    assert.is(codeOf(await startRig(uno)), 'module-missing');
  } finally {
    process.env.PATH = PATH;
    if (ESPRUINO_BIN === undefined) delete process.env.ESPRUINO_BIN;
    else process.env.ESPRUINO_BIN = ESPRUINO_BIN;
  }
});

ports.run();
programs.run();
kinds.run();
